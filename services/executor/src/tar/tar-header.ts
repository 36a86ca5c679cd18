/** What a tar says of one item. Names are bytes. */
export interface TarHeader {
  readonly name: Buffer;
  /** One character: `0` file, `1` hard link, `2` symbolic link, `3` and `4` devices, `5` folder, `6` pipe. */
  readonly type: string;
  /** Permission bits. */
  readonly mode: number;
  /** Seconds since the epoch. */
  readonly mtime: number;
  /** Bytes of content that follow. */
  readonly size: number;
  readonly link: Buffer;
}

export const BLOCK_BYTES = 512;

const FIELDS = {
  name: [0, 100],
  mode: [100, 8],
  size: [124, 12],
  mtime: [136, 12],
  checksum: [148, 8],
  type: [156, 1],
  link: [157, 100],
} as const;

const field = (block: Buffer, name: keyof typeof FIELDS): Buffer => {
  const [at, length] = FIELDS[name];
  return block.subarray(at, at + length);
};

const untilNul = (bytes: Buffer): Buffer => {
  const end = bytes.indexOf(0);
  return Buffer.from(end === -1 ? bytes : bytes.subarray(0, end));
};

/** Octal digits or, for large and negative numbers, GNU's base 256. */
const numberOf = (bytes: Buffer): number => {
  const first = bytes[0] ?? 0;
  if (first < 0x80) return Number.parseInt(bytes.toString('latin1').replace(/\0.*$/s, '').trim() || '0', 8);
  const low = BigInt(`0x${bytes.subarray(1).toString('hex')}`);
  return Number(first === 0xff ? low - (1n << BigInt(8 * (bytes.length - 1))) : low);
};

const checksumOf = (block: Buffer): number => {
  const [at, length] = FIELDS.checksum;
  return block.reduce((sum, byte, index) => sum + (index >= at && index < at + length ? 0x20 : byte), 0);
};

/** Two blocks of these end a tar. */
export const isEmptyBlock = (block: Buffer): boolean => block.every((byte) => byte === 0);

/** Undefined for a block that is no header. */
export const parseTarHeader = (block: Buffer): TarHeader | undefined => {
  if (numberOf(field(block, 'checksum')) !== checksumOf(block)) return undefined;
  return {
    name: untilNul(field(block, 'name')),
    type: field(block, 'type').toString('latin1').replace('\0', '0'),
    mode: numberOf(field(block, 'mode')),
    mtime: numberOf(field(block, 'mtime')),
    size: numberOf(field(block, 'size')),
    link: untilNul(field(block, 'link')),
  };
};
