import type { ArchiveEntry } from '@cyborgbackup/borg';
import type { RestoreRequest } from '@cyborgbackup/contracts';
import type { PathFacts } from './file-facts.ts';

/** What happens to an item that is to be restored. */
export type Replacement = 'write' | 'replace' | 'skip' | 'keep-both';

const secondsOf = (iso: string): number => Math.floor(Date.parse(iso) / 1000);

const isSame = (entry: ArchiveEntry, existing: PathFacts): boolean =>
  existing.type === 'file' && existing.size === entry.size && existing.mtime === secondsOf(entry.mtime);

/**
 * What a restore does with an item that is no folder, given what exists at its path. Times count in whole seconds, and a file
 * of the same size and time counts as the same; the restore itself compares nanoseconds and contents.
 */
export const decideReplacement = (
  replace: RestoreRequest['replace'],
  entry: ArchiveEntry,
  existing: PathFacts | undefined,
): Replacement => {
  if (!existing) return 'write';
  switch (replace) {
    case 'always':
      return 'replace';
    case 'never':
      return 'skip';
    case 'newer':
      return existing.type !== 'folder' && secondsOf(entry.mtime) > existing.mtime ? 'replace' : 'skip';
    case 'keep-both':
      return isSame(entry, existing) ? 'skip' : 'keep-both';
  }
};

const TYPES: ReadonlyMap<string, PathFacts['type']> = new Map([
  ['-', 'file'],
  ['d', 'folder'],
  ['l', 'link'],
]);

const isHardLink = ({ mode }: ArchiveEntry): boolean => mode.startsWith('h');

/** How a restored item differs from its entry; empty when it does not. Of a further hard link borg lists no size. */
export const entryProblem = (entry: ArchiveEntry, restored: PathFacts | undefined): string => {
  if (!restored) return 'it is not there';
  if (!entry.healthy) return 'parts of it are missing in the repository';
  const type = TYPES.get(entry.type) ?? 'other';
  if (restored.type !== type) return `it is a ${restored.type}, not a ${type}`;
  if (type !== 'file') return '';
  if (!isHardLink(entry) && restored.size !== entry.size) return `it has ${restored.size} bytes, not ${entry.size}`;
  return restored.mtime === secondsOf(entry.mtime) ? '' : 'it was changed at another time than in the archive';
};
