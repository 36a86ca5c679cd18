import { extractCommand } from '@cyborgbackup/borg';
import type { ContentRequest } from '@cyborgbackup/contracts';
import { AppError } from '@cyborgbackup/kernel';
import type { ByteSink } from '@cyborgbackup/messaging';
import type { DownloadDeps } from './download-parts.ts';
import { readArchive } from './read-archive.ts';

/**
 * Sends one file, or a part of it. Borg cannot begin in the middle of a file, so what comes before the part is read and
 * dropped here; it is stopped behind the part. A file that does not have the size it should have is a failure, since its
 * receiver has been told that size.
 */
export const sendFile = async (parts: DownloadDeps, request: ContentRequest, sink: ByteSink): Promise<void> => {
  const { archive, paths, size, range } = request;
  const from = range?.offset ?? 0;
  const to = range === null ? Infinity : range.offset + range.length;
  // Of a part at the end borg is heard out: it may have to say that the file is damaged.
  const isTail = to >= (size ?? Infinity);
  let at = 0;
  let isStarted = false;
  const start = (): void => {
    if (!isStarted) sink.start({});
    isStarted = true;
  };
  if (paths.length !== 1) throw new AppError('validation', 'Name one file.');
  await readArchive(parts, request, {
    signal: sink.signal,
    argv: (common) => extractCommand({ ...common, archive, paths, stdout: true }),
    isEnough: () => at >= to && !isTail,
    onChunk: async (chunk) => {
      const part = chunk.subarray(Math.max(0, from - at), Math.max(0, to - at));
      at += chunk.length;
      if (part.length === 0) return;
      start();
      await sink.write(part);
    },
  });
  const missing = range === null ? size !== null && at !== size : at < to;
  if (missing) {
    throw new AppError('conflict', `The file has ${at} bytes in the archive, not as many as the catalog says.`);
  }
  start();
};
