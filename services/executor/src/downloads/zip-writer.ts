import { AppError } from '@cyborgbackup/kernel';
import { once } from 'node:events';
import { crc32, createDeflateRaw, type DeflateRaw } from 'node:zlib';
import {
  dataDescriptor,
  directoryRecord,
  endOfDirectory,
  localHeader,
  type ZipEntry,
  type ZipEntryEnd,
} from './zip-records.ts';

type Item = Pick<ZipEntry, 'name' | 'mode' | 'mtime'>;

export interface ZipWriter {
  /** Something without content, or with a little of it: a folder, a link with its target, an empty file. */
  add(item: Item, content?: Buffer): Promise<void>;
  /** A file, whose content follows by `data`. */
  begin(item: Item, size: number): Promise<void>;
  data(chunk: Buffer): Promise<void>;
  end(): Promise<void>;
  finish(comment: string): Promise<void>;
  /** Releases an entry that was not ended. */
  close(): void;
}

/** Above it sizes have 64 bits; deflating makes what cannot be compressed a little larger. */
const LARGE = 0xf0000000;
/** The directory at the end names everything once more, and has to be kept until then: about 25 MB. */
const MAX_ENTRIES = 200_000;
const LEVEL = 1;

interface Open {
  readonly entry: ZipEntry;
  readonly offset: number;
  readonly deflate: DeflateRaw;
  /** Resolves when everything that was deflated is written. */
  readonly written: Promise<number>;
  crc: number;
  size: number;
}

/**
 * Writes a ZIP file front to back, each file compressed as it comes. Our own, since of the maintained libraries one looks
 * through all entries for each one it adds (yazl), one has no ZIP64 (fflate), one brings sixty packages (archiver), and
 * none takes names that are not UTF-8. See docs/decisions/0016-downloads-are-credit-based-streams.md.
 */
export const createZipWriter = (write: (bytes: Buffer) => Promise<void>): ZipWriter => {
  const directory: Buffer[] = [];
  let position = 0;
  let open: Open | undefined;

  const put = async (bytes: Buffer): Promise<void> => {
    position += bytes.length;
    await write(bytes);
  };

  const list = (entry: ZipEntry, end: ZipEntryEnd): void => {
    if (directory.length >= MAX_ENTRIES) {
      throw new AppError('validation', `A zip holds ${MAX_ENTRIES} items here: choose less of it, or the format tar.`);
    }
    directory.push(directoryRecord(entry, end));
  };

  const pump = async (deflate: DeflateRaw): Promise<number> => {
    let compressed = 0;
    for await (const chunk of deflate as AsyncIterable<Buffer>) {
      compressed += chunk.length;
      await put(chunk);
    }
    return compressed;
  };

  return {
    add: async (item, content = Buffer.alloc(0)) => {
      const entry = { ...item, method: 'stored', isStreamed: false, isLarge: false } as const;
      const end = { crc: crc32(content), compressed: content.length, size: content.length, offset: position };
      list(entry, end);
      await put(Buffer.concat([localHeader(entry, end), content]));
    },
    begin: async (item, size) => {
      const entry = { ...item, method: 'deflated', isStreamed: true, isLarge: size > LARGE } as const;
      const offset = position;
      await put(localHeader(entry));
      const deflate = createDeflateRaw({ level: LEVEL });
      const written = pump(deflate);
      // `data` and `end` await it; until then a failure must not be unhandled.
      written.catch(() => undefined);
      open = { entry, offset, deflate, written, crc: 0, size: 0 };
    },
    data: async (chunk) => {
      if (!open) throw new Error('No entry of the zip is open');
      open.crc = crc32(chunk, open.crc);
      open.size += chunk.length;
      if (!open.deflate.write(chunk)) await Promise.race([once(open.deflate, 'drain'), open.written]);
    },
    end: async () => {
      if (!open) throw new Error('No entry of the zip is open');
      const { entry, offset, deflate, written, crc, size } = open;
      open = undefined;
      deflate.end();
      const end = { crc, size, offset, compressed: await written };
      list(entry, end);
      await put(dataDescriptor(entry, end));
    },
    finish: async (comment) => {
      const offset = position;
      for (const record of directory) await put(record);
      const end = { entries: directory.length, offset, size: position - offset };
      await put(endOfDirectory(end, Buffer.from(comment)));
    },
    close: () => open?.deflate.destroy(),
  };
};
