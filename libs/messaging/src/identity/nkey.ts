/** RFC 4648, which NATS writes without padding. */
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** The bits 10010 (a seed) and 10100 (of a user), in the first two bytes. */
const USER_SEED = [0x90 | (0xa0 >> 5), (0xa0 & 0x1f) << 3];

const base32 = (bytes: Uint8Array): string => {
  let text = '';
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = ((value << 8) | byte) & 0xffff;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += ALPHABET.charAt((value >> bits) & 31);
    }
  }
  return bits > 0 ? text + ALPHABET.charAt((value << (5 - bits)) & 31) : text;
};

/** CRC-16/XMODEM, with which NATS ends its keys. */
const checksum = (bytes: Uint8Array): number => {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) crc = ((crc & 0x8000) === 0 ? crc << 1 : (crc << 1) ^ 0x1021) & 0xffff;
  }
  return crc;
};

/** What NATS calls the seed of a user's nkey (`SU…`), made of 32 bytes of ours: its own library only makes random ones. */
export const userSeed = (secret: Uint8Array): string => {
  const body = Uint8Array.of(...USER_SEED, ...secret);
  const crc = checksum(body);
  return base32(Uint8Array.of(...body, crc & 0xff, crc >> 8));
};
