import { sign, verify } from 'node:crypto';
import type { ParsedKey } from 'ssh2';
import { parseKey } from '../ssh/key.ts';
import { readWire, wireMpint, wireString } from '../ssh/wire.ts';

/** The digest of each signature algorithm; ed25519 has its own built in. */
const DIGESTS: Readonly<Record<string, string | null>> = {
  'ssh-ed25519': null,
  'ecdsa-sha2-nistp256': 'sha256',
  'ecdsa-sha2-nistp384': 'sha384',
  'ecdsa-sha2-nistp521': 'sha512',
  'rsa-sha2-256': 'sha256',
  'rsa-sha2-512': 'sha512',
  'ssh-rsa': 'sha1',
};

const RSA_SHA2_256 = 2;
const RSA_SHA2_512 = 4;

/** What a key signs with, given the flags of an agent's sign request. */
const algorithmFor = (keyType: string, flags: number): string => {
  if (keyType !== 'ssh-rsa') return keyType;
  if (flags & RSA_SHA2_512) return 'rsa-sha2-512';
  return flags & RSA_SHA2_256 ? 'rsa-sha2-256' : 'ssh-rsa';
};

const isEcdsa = (algorithm: string): boolean => algorithm.startsWith('ecdsa-');

/** A signature blob as SSH carries it. @throws when the key type is not supported */
export const signBlob = (key: ParsedKey, data: Buffer, flags: number): Buffer => {
  const algorithm = algorithmFor(key.type, flags);
  const digest = DIGESTS[algorithm];
  if (digest === undefined) throw new Error(`Cannot sign with a ${key.type} key`);
  const signature = sign(digest, data, { key: key.getPrivatePEM(), dsaEncoding: 'ieee-p1363' });
  const half = signature.length / 2;
  const value = isEcdsa(algorithm)
    ? Buffer.concat([wireMpint(signature.subarray(0, half)), wireMpint(signature.subarray(half))])
    : signature;
  return Buffer.concat([wireString(algorithm), wireString(value)]);
};

const fixedWidth = (mpint: Buffer, width: number): Buffer => {
  const bare = mpint.subarray(Math.max(0, mpint.length - width));
  return Buffer.concat([Buffer.alloc(width - bare.length), bare]);
};

const COORDINATE_BYTES: Readonly<Record<string, number>> = {
  'ecdsa-sha2-nistp256': 32,
  'ecdsa-sha2-nistp384': 48,
  'ecdsa-sha2-nistp521': 66,
};

/** True when `blob` is a signature of `data` by the public key. Malformed input is simply not a signature. */
export const verifyBlob = (publicKey: Buffer, data: Buffer, blob: Buffer): boolean => {
  const parsed = parseKey(publicKey);
  if (parsed instanceof Error) return false;
  try {
    const reader = readWire(blob);
    const algorithm = reader.text();
    const digest = DIGESTS[algorithm];
    if (digest === undefined) return false;
    let value = reader.string();
    const width = COORDINATE_BYTES[algorithm];
    if (width !== undefined) {
      const point = readWire(value);
      value = Buffer.concat([fixedWidth(point.string(), width), fixedWidth(point.string(), width)]);
    }
    return verify(digest, data, { key: parsed.getPublicPEM(), dsaEncoding: 'ieee-p1363' }, value);
  } catch {
    return false;
  }
};
