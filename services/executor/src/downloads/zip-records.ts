/** The records of a ZIP file (APPNOTE.TXT 6.3), as bytes. ZIP64 where sizes, offsets or numbers need it. */
export interface ZipEntry {
  /** Ends with a slash for a folder. */
  readonly name: Buffer;
  /** Unix: type and permission bits, as `stat` has them. */
  readonly mode: number;
  /** Seconds since the epoch. */
  readonly mtime: number;
  readonly method: 'stored' | 'deflated';
  /** Sizes and checksum follow the content, as they are not known before. */
  readonly isStreamed: boolean;
  /** 64-bit sizes. */
  readonly isLarge: boolean;
}

/** Of an entry whose content has been written. */
export interface ZipEntryEnd {
  readonly crc: number;
  readonly compressed: number;
  readonly size: number;
  /** Where its local header begins. */
  readonly offset: number;
}

const VERSION = 45;
const MADE_ON_UNIX = (3 << 8) | VERSION;
const METHODS = { stored: 0, deflated: 8 } as const;
const FOLLOWS = 1 << 3;
const UTF8 = 1 << 11;
const MAX_16 = 0xffff;
const MAX_32 = 0xffffffff;
const FOLDER = 0x10;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const isUtf8 = (bytes: Buffer): boolean => {
  try {
    utf8.decode(bytes);
    return true;
  } catch {
    return false;
  }
};

type Field = readonly [bytes: 2 | 4 | 8, value: number];

const pack = (...fields: readonly Field[]): Buffer => {
  const record = Buffer.alloc(fields.reduce((sum, [bytes]) => sum + bytes, 0));
  let at = 0;
  for (const [bytes, value] of fields) {
    if (bytes === 8) record.writeBigUInt64LE(BigInt(value), at);
    else record.writeUIntLE(value, at, bytes);
    at += bytes;
  }
  return record;
};

/** Two seconds exact, from 1980, in UTC: the extended timestamp beside it has the true time. */
const dosTime = (mtime: number): Field[] => {
  const date = new Date(Math.min(Math.max(mtime, 315_532_800), 4_354_819_198) * 1000);
  return [
    [2, (date.getUTCHours() << 11) | (date.getUTCMinutes() << 5) | (date.getUTCSeconds() >> 1)],
    [2, ((date.getUTCFullYear() - 1980) << 9) | ((date.getUTCMonth() + 1) << 5) | date.getUTCDate()],
  ];
};

const timestampExtra = (mtime: number): Buffer => {
  const seconds = Math.min(Math.max(Math.trunc(mtime), -0x80000000), 0x7fffffff);
  const extra = Buffer.from([0x55, 0x54, 5, 0, 1, 0, 0, 0, 0]);
  extra.writeInt32LE(seconds, 5);
  return extra;
};

const flagsOf = ({ name, isStreamed }: ZipEntry): number => (isStreamed ? FOLLOWS : 0) | (isUtf8(name) ? UTF8 : 0);

const common = (entry: ZipEntry, end: Pick<ZipEntryEnd, 'crc' | 'compressed' | 'size'>): Field[] => [
  [2, VERSION],
  [2, flagsOf(entry)],
  [2, METHODS[entry.method]],
  ...dosTime(entry.mtime),
  [4, end.crc],
  [4, Math.min(end.compressed, MAX_32)],
  [4, Math.min(end.size, MAX_32)],
];

const NOTHING = { crc: 0, compressed: 0, size: 0 };

/** @param end of an entry that is not streamed */
export const localHeader = (
  entry: ZipEntry,
  end: Pick<ZipEntryEnd, 'crc' | 'compressed' | 'size'> = NOTHING,
): Buffer => {
  const large = entry.isLarge ? pack([2, 1], [2, 16], [8, end.size], [8, end.compressed]) : Buffer.alloc(0);
  const sizes = entry.isLarge ? { ...end, compressed: MAX_32, size: MAX_32 } : end;
  const extra = Buffer.concat([timestampExtra(entry.mtime), large]);
  const record = pack([4, 0x04034b50], ...common(entry, sizes), [2, entry.name.length], [2, extra.length]);
  return Buffer.concat([record, entry.name, extra]);
};

/** Follows the content of a streamed entry. */
export const dataDescriptor = ({ isLarge }: ZipEntry, { crc, compressed, size }: ZipEntryEnd): Buffer => {
  const bytes = isLarge ? 8 : 4;
  return pack([4, 0x08074b50], [4, crc], [bytes, compressed], [bytes, size]);
};

export const directoryRecord = (entry: ZipEntry, end: ZipEntryEnd): Buffer => {
  const isLarge = Math.max(end.size, end.compressed, end.offset) >= MAX_32;
  const large = isLarge ? pack([2, 1], [2, 24], [8, end.size], [8, end.compressed], [8, end.offset]) : Buffer.alloc(0);
  const sizes = isLarge ? { ...end, size: MAX_32, compressed: MAX_32 } : end;
  const extra = Buffer.concat([timestampExtra(entry.mtime), large]);
  const record = pack(
    [4, 0x02014b50],
    [2, MADE_ON_UNIX],
    ...common(entry, sizes),
    [2, entry.name.length],
    [2, extra.length],
    [2, 0], // comment
    [2, 0], // disk
    [2, 0], // internal attributes
    [2, entry.name.at(-1) === 0x2f ? FOLDER : 0],
    [2, entry.mode],
    [4, isLarge ? MAX_32 : end.offset],
  );
  return Buffer.concat([record, entry.name, extra]);
};

export const endOfDirectory = (
  { entries, offset, size }: { readonly entries: number; readonly offset: number; readonly size: number },
  comment: Buffer,
): Buffer => {
  const after = offset + size;
  const isLarge = entries >= MAX_16 || after >= MAX_32;
  const large = isLarge
    ? [
        pack([4, 0x06064b50], [8, 44], [2, MADE_ON_UNIX], [2, VERSION], [4, 0], [4, 0]),
        pack([8, entries], [8, entries], [8, size], [8, offset]),
        pack([4, 0x07064b50], [4, 0], [8, after], [4, 1]),
      ]
    : [];
  const count = Math.min(entries, MAX_16);
  return Buffer.concat([
    ...large,
    pack([4, 0x06054b50], [2, 0], [2, 0], [2, count], [2, count]),
    pack([4, Math.min(size, MAX_32)], [4, isLarge ? MAX_32 : offset], [2, comment.length]),
    comment,
  ]);
};
