import type { RestoreRequest } from '@cyborgbackup/contracts';
import { listNames } from '@cyborgbackup/kernel';

/** Items of an archive; everything when both are empty. */
export interface Selection {
  /** As the archive has them, each with all below it. */
  readonly paths: readonly string[];
  /** In borg's syntax. */
  readonly patterns: readonly string[];
}

/** People write paths as they are on the host; an archive has them without the slash in front. */
const archivePathOf = (path: string): string => path.replace(/^(\.?\/)+/, '').replace(/\/+$/, '');

/** A selection that holds the root is one of everything. */
export const selectionOf = ({ item, items, patterns }: RestoreRequest): Selection => {
  const chosen = [...(item === '' ? [] : [item]), ...items];
  const paths = [...new Set(chosen.map(archivePathOf))];
  return paths.includes('') || paths.includes('.') ? { paths: [], patterns: [] } : { paths, patterns };
};

/** Borg's patterns for these items without what is below. Its `pf:` would do, but normalises them, and warns when none matched. */
export const escapedPatterns = (paths: Iterable<string>): readonly string[] => {
  const escaped = [...paths].map((path) => path.replace(/[\\^$.|?*+()[\]{}]/g, '\\$&'));
  return escaped.length > 0 ? [`re:\\A(?:${escaped.join('|')})\\Z`] : [];
};

/** For people. */
export const describeSelection = ({ paths, patterns }: Selection): string => {
  const all = [...paths, ...patterns];
  return all.length === 0 ? 'everything' : listNames(all, 3);
};

/** The paths of a selection for which no item was added. */
export const createUnmatched = ({
  paths,
}: Selection): { readonly add: (path: string) => void; readonly left: () => readonly string[] } => {
  const left = new Set(paths);
  const ancestors = function* (path: string): Generator<string> {
    for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) yield path.slice(0, end);
  };
  return {
    add: (path) => {
      if (left.size === 0) return;
      for (const ancestor of ancestors(path)) left.delete(ancestor);
    },
    left: () => [...left],
  };
};
