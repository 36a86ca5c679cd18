import { AppError } from '@cyborgbackup/kernel';

/** Paths taken literally, each with all below it: without the prefix `re:x` or `sh:*` would be a pattern. */
export const literalPaths = (paths: readonly string[] = []): readonly string[] =>
  paths.map((path) => {
    if (path === '')
      throw new AppError('validation', 'A path to restore is empty; leave the list out to restore everything.');
    return `pp:${path}`;
  });
