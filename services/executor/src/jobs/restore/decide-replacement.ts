import type { ArchiveEntry } from '@cyborgbackup/borg';
import type { RestoreRequest } from '@cyborgbackup/contracts';
import type { PathFacts } from './file-facts.ts';

export type Replacement = 'write' | 'replace' | 'skip' | 'keep-both';

const seconds = (iso: string): number => Math.floor(Date.parse(iso) / 1000);

const isSame = (entry: ArchiveEntry, found: PathFacts): boolean =>
  found.type === 'file' && found.size === entry.size && found.mtime === seconds(entry.mtime);

/**
 * What a restore does with an item that is no folder, given what is at its place. Times count in whole seconds, and a file
 * of the same size and time counts as the same; the restore itself compares to the nanosecond, and contents.
 */
export const decide = (
  replace: RestoreRequest['replace'],
  entry: ArchiveEntry,
  found: PathFacts | undefined,
): Replacement => {
  if (!found) return 'write';
  switch (replace) {
    case 'always':
      return 'replace';
    case 'never':
      return 'skip';
    case 'newer':
      return found.type !== 'folder' && seconds(entry.mtime) > found.mtime ? 'replace' : 'skip';
    case 'keep-both':
      return isSame(entry, found) ? 'skip' : 'keep-both';
  }
};
