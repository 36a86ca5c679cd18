import { extractCommand } from '@cyborgbackup/borg';
import type { ContentRequest } from '@cyborgbackup/contracts';
import { AppError } from '@cyborgbackup/kernel';
import type { ByteSink } from '@cyborgbackup/messaging';
import type { ConnectionDeps } from '../job/job-context.ts';
import { readArchive } from './read-archive.ts';

/** Starts the stream once, with its first bytes, so that a failure before them is answered with its reason. */
export const startOnce = (sink: ByteSink): (() => void) => {
  let isStarted = false;
  return () => {
    if (!isStarted) sink.start({});
    isStarted = true;
  };
};

/**
 * Sends one file, or a part of it. Borg cannot begin in the middle of a file, so what comes before the part is read and
 * dropped here; borg is stopped after the part. A file that does not have the size it should have is a failure, since its
 * receiver has been told that size.
 */
export const sendFile = async (deps: ConnectionDeps, request: ContentRequest, sink: ByteSink): Promise<void> => {
  const { archive, paths, size, range } = request;
  const from = range?.offset ?? 0;
  const to = range === null ? Infinity : range.offset + range.length;
  // When the part is at the end, borg may end by itself: it may report that the file is damaged.
  const isTail = to >= (size ?? Infinity);
  let offset = 0;
  const start = startOnce(sink);
  if (paths.length !== 1) throw new AppError('validation', 'Name one file.');
  await readArchive(deps, request, {
    signal: sink.signal,
    argv: (common) => extractCommand({ ...common, archive, paths, stdout: true }),
    isEnough: () => offset >= to && !isTail,
    onChunk: async (chunk) => {
      const part = chunk.subarray(Math.max(0, from - offset), Math.max(0, to - offset));
      offset += chunk.length;
      if (part.length === 0) return;
      start();
      await sink.write(part);
    },
  });
  const isShort = range === null ? size !== null && offset !== size : offset < to;
  if (isShort) {
    throw new AppError('conflict', `The file has ${offset} bytes in the archive, not as many as the catalog says.`);
  }
  start();
};
