import { createEntryGate, type GatedEntry } from '@cyborgbackup/borg';
import { escapeBytes } from '@cyborgbackup/contracts';

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

/** An item that has passed the gate (see `EntryGate` of libs/borg), or has not. */
export interface TarItem extends TarHeader {
  /** Why its name may not be used, a clause that begins with the name; empty for a safe item. */
  readonly unsafe: string;
}

const BLOCK_BYTES = 512;

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
const isEmptyBlock = (block: Buffer): boolean => block.every((byte) => byte === 0);

/** Undefined for a block that is no header. */
const parseTarHeader = (block: Buffer): TarHeader | undefined => {
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

const ENTRY_TYPES: Readonly<Record<string, string>> = { '0': '-', '1': '-', '2': 'l', '5': 'd' };

/** An item as the gate takes it; the name of a folder has a slash at its end. */
const asEntry = ({ name, type, link }: TarHeader): GatedEntry => {
  const path = escapeBytes(name);
  return {
    path: type === '5' ? path.replace(/\/$/, '') : path,
    type: ENTRY_TYPES[type] ?? type,
    hardLinkTo: type === '1' ? escapeBytes(link) : '',
  };
};

/** Takes the items of a tar one after the other. The reader waits for each returned promise. */
export interface TarConsumer {
  begin(item: TarItem): Promise<void>;
  data(chunk: Buffer): Promise<void>;
  end(): Promise<void>;
}

export interface TarReader {
  push(chunk: Buffer): Promise<void>;
  /** True once the tar's own end was seen. */
  isComplete(): boolean;
}

/** GNU's way of long names: an item of one of these types holds the name, or the link's target, of the next one. */
const LONG_NAME = 'L';
const LONG_LINK = 'K';
const MAX_NAME_BYTES = 64 * 1024;

/**
 * Cuts a tar, as borg writes it, into items, holding at most one block and one name of it. Our own, since tar-stream does not
 * notice a tar that ends between two items, and rounds times before 1970 up.
 *
 *   header -- a file with content --> content --> padding --> header
 *          -- a long name --> name --> padding --> header
 *          -- an empty block --> the end
 *
 * @throws Error from `push` for bytes that are not a tar
 */
export const createTarReader = (consumer: TarConsumer): TarReader => {
  const gate = createEntryGate();
  let block = Buffer.alloc(0);
  let state: 'header' | 'content' | 'name' | 'padding' | 'end' = 'header';
  let left = 0;
  let padding = 0;
  let naming: { type: string; bytes: Buffer[] } = { type: LONG_NAME, bytes: [] };
  let names: { name?: Buffer; link?: Buffer } = {};

  const take = async (header: TarHeader): Promise<void> => {
    left = header.size;
    padding = -header.size & (BLOCK_BYTES - 1);
    if (header.type === LONG_NAME || header.type === LONG_LINK) {
      if (header.size > MAX_NAME_BYTES) throw new Error('A name in the tar is too long');
      naming = { type: header.type, bytes: [] };
      state = 'name';
      return;
    }
    const item = { ...header, ...names };
    await consumer.begin({ ...item, unsafe: gate.check(asEntry(item)) });
    names = {};
    state = 'content';
    if (left === 0) await finishContent();
  };

  const finishContent = async (): Promise<void> => {
    await consumer.end();
    state = padding > 0 ? 'padding' : 'header';
    left = padding;
  };

  const finishName = (): void => {
    // It ends with a NUL.
    const bytes = Buffer.concat(naming.bytes).subarray(0, -1);
    names = naming.type === LONG_NAME ? { ...names, name: bytes } : { ...names, link: bytes };
    state = padding > 0 ? 'padding' : 'header';
    left = padding;
  };

  /** Takes the header's part of the chunk; returns how many bytes that is. */
  const readHeader = async (chunk: Buffer): Promise<number> => {
    const piece = chunk.subarray(0, BLOCK_BYTES - block.length);
    block = Buffer.concat([block, piece]);
    if (block.length < BLOCK_BYTES) return piece.length;
    const whole = block;
    block = Buffer.alloc(0);
    if (isEmptyBlock(whole)) state = 'end';
    else {
      const header = parseTarHeader(whole);
      if (!header) throw new Error('Borg wrote something that is no tar');
      await take(header);
    }
    return piece.length;
  };

  const readBody = async (chunk: Buffer): Promise<number> => {
    const piece = chunk.subarray(0, left);
    left -= piece.length;
    if (state === 'content') await consumer.data(piece);
    if (state === 'name') naming.bytes.push(Buffer.from(piece));
    if (left > 0) return piece.length;
    if (state === 'content') await finishContent();
    else if (state === 'name') finishName();
    else state = 'header';
    return piece.length;
  };

  return {
    push: async (chunk) => {
      let rest = chunk;
      while (rest.length > 0 && state !== 'end') {
        rest = rest.subarray(state === 'header' ? await readHeader(rest) : await readBody(rest));
      }
    },
    isComplete: () => state === 'end',
  };
};
