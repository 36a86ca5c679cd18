import { exportTarCommand } from '@cyborgbackup/borg';
import type { ContentRequest } from '@cyborgbackup/contracts';
import { AppError } from '@cyborgbackup/kernel';
import { FRAME_BYTES, type ByteSink } from '@cyborgbackup/messaging';
import type { ConnectionDeps } from '../job/job-context.ts';
import { createTarReader } from '../tar/tar-reader.ts';
import { readArchive } from './read-archive.ts';
import { startOnce } from './send-file.ts';
import { refuseUnsafe, tarToZip } from './tar-to-zip.ts';
import { createZipWriter } from './zip-writer.ts';

type Request = Pick<ContentRequest, 'archive' | 'paths' | 'repository'>;

const exportTar = (
  deps: ConnectionDeps,
  request: Request,
  sink: { readonly signal: AbortSignal; readonly onChunk: (chunk: Buffer) => Promise<void> },
): Promise<void> =>
  readArchive(deps, request, {
    ...sink,
    argv: (common) => exportTarCommand({ ...common, archive: request.archive, paths: request.paths }),
  });

/** Sends paths with everything below them as a tar, as borg makes it. No byte of an item that is not safe is sent. */
export const sendTar = async (deps: ConnectionDeps, request: Request, sink: ByteSink): Promise<void> => {
  const start = startOnce(sink);
  const tar = createTarReader({
    begin: async (item) => refuseUnsafe(item),
    data: () => Promise.resolve(),
    end: () => Promise.resolve(),
  });
  await exportTar(deps, request, {
    signal: sink.signal,
    onChunk: async (chunk) => {
      await tar.push(chunk);
      start();
      await sink.write(chunk);
    },
  });
};

/** Joins small pieces: a zip of small files has many of a few bytes. */
const createJoiner = (
  write: (bytes: Buffer) => Promise<void>,
): { readonly add: (bytes: Buffer) => Promise<void>; readonly flush: () => Promise<void> } => {
  let pieces: Buffer[] = [];
  let bytes = 0;
  const flush = async (): Promise<void> => {
    const whole = Buffer.concat(pieces);
    pieces = [];
    bytes = 0;
    if (whole.length > 0) await write(whole);
  };
  return {
    flush,
    add: async (piece) => {
      pieces.push(piece);
      bytes += piece.length;
      if (bytes >= FRAME_BYTES) await flush();
    },
  };
};

/** The same as a zip, made from the tar while it is sent. */
export const sendZip = async (deps: ConnectionDeps, request: Request, sink: ByteSink): Promise<void> => {
  const start = startOnce(sink);
  const joined = createJoiner((bytes) => {
    start();
    return sink.write(bytes);
  });
  const writer = createZipWriter(joined.add);
  const zip = tarToZip(writer);
  const tar = createTarReader(zip);
  try {
    await exportTar(deps, request, { signal: sink.signal, onChunk: tar.push });
    if (!tar.isComplete()) throw new AppError('unavailable', 'Borg ended before the whole selection was read.');
    await zip.finish();
    await joined.flush();
  } finally {
    writer.close();
  }
};
