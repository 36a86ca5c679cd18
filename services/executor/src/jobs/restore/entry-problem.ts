import type { ArchiveEntry } from '@cyborgbackup/borg';
import type { PathFacts } from './file-facts.ts';

const TYPES: Readonly<Record<string, PathFacts['type']>> = { '-': 'file', d: 'folder', l: 'link' };

const isHardLink = ({ mode }: ArchiveEntry): boolean => mode.startsWith('h');

/** What is wrong with what is at an entry's place; empty when nothing is. Of a further hard link borg knows no size. */
export const problemOf = (entry: ArchiveEntry, found: PathFacts | undefined): string => {
  if (!found) return 'it is not there';
  if (!entry.healthy) return 'parts of it are missing in the repository';
  const type = TYPES[entry.type] ?? 'other';
  if (found.type !== type) return `it is a ${found.type}, not a ${type}`;
  if (type !== 'file') return '';
  if (!isHardLink(entry) && found.size !== entry.size) return `it has ${found.size} bytes, not ${entry.size}`;
  const mtime = Math.floor(Date.parse(entry.mtime) / 1000);
  return found.mtime === mtime ? '' : 'it was changed at another time than in the archive';
};
