import { BLOCK_BYTES, isEmptyBlock, parseTarHeader, type TarHeader } from './tar-header.ts';

/** Takes the items of a tar one after the other. The reader waits for each returned promise. */
export interface TarConsumer {
  begin(header: TarHeader): Promise<void>;
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
    await consumer.begin({ ...header, ...names });
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
