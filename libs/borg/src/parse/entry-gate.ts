import { ownEntry } from './fields.ts';
import { createPathTable, PATH_TABLE_MAX, type PathKind } from './path-table.ts';

/** What the gate looks at; of an entry of a listing, or of an item of a tar. */
export interface GatedEntry {
  /** Bytes that are not UTF-8 in any form that gives different names different text. */
  readonly path: string;
  /** `-` file, `d` folder, `l` symbolic link; everything else is a device, pipe or socket. */
  readonly type: string;
  /** The path in the archive that a hard link shares its contents with; empty for what is no hard link. */
  readonly hardLinkTo: string;
}

/**
 * A client decides what the archives that it makes look like, so an archive is an attacker's text. Each entry of a listing, and
 * each item of a tar, passes a gate before anything is made of it:
 *
 *   - its path is relative and has no empty, `.` or `..` component and no NUL (the whole path `.` is the root folder);
 *   - nothing is below an entry that is no folder, in whatever order the two come;
 *   - a path that comes again is of the same type; the last one counts, as when borg extracts;
 *   - a hard link leads to a path to which the same rules apply, and which is no symbolic link.
 *
 * An archive that borg made of a file system passes. The gate is told everything that will be extracted together, in the order
 * of the archive: of two entries that exclude each other the later one is unsafe. It stops at the first of `PATH_TABLE_MAX` paths
 * too many. Held by entry-gate.unit.test.ts. See docs/decisions/0021-an-archive-is-hostile-text.md.
 */
export interface EntryGate {
  /** @returns why the entry is unsafe, a clause about it; empty for a safe one */
  check(entry: GatedEntry): string;
  /** Safe paths that came more than once, and how often. */
  readonly repeated: ReadonlyMap<string, number>;
}

/** More paths that come again are no accident. */
const REPEATED_MAX = 100_000;

/** An empty, `.` or `..` component, or a NUL. */
const BAD_SHAPE = /(?:^|\/)\.{0,2}(?:\/|$)|\0/;

const ROOT = '.';

/** A byte that is not UTF-8. Borg's listing has `?` instead in the target of a hard link. */
const LONE_SURROGATE = /\p{Surrogate}/gu;

const shapeProblem = (path: string): string => {
  if (path.startsWith('/')) return 'is absolute';
  if (path.includes('\0')) return 'has a NUL';
  return path.split('/').includes('..') ? 'leaves its folder by ".."' : 'has an empty or "." component';
};

const KINDS: Readonly<Record<string, PathKind>> = { '-': 'file', d: 'folder', l: 'link' };

const NAMES: Readonly<Record<PathKind, string>> = {
  container: 'folder',
  folder: 'folder',
  file: 'file',
  link: 'symbolic link',
  other: 'device, pipe or socket',
};

const QUOTED_LENGTH = 200;

/** A path for people: on one line, of bounded length. */
const quoted = (path: string): string =>
  JSON.stringify(path.length > QUOTED_LENGTH ? `${path.slice(0, QUOTED_LENGTH)}…` : path).replaceAll(
    /[\u007f-\u009f]/g,
    '?',
  );

const isFolder = (kind: PathKind): boolean => kind === 'folder' || kind === 'container';

/** One gate for everything that is extracted together. */
export const createEntryGate = (): EntryGate => {
  const table = createPathTable();
  /** Symbolic links whose names are not UTF-8, as borg writes them where it names the target of a hard link. */
  const lossyLinks = createPathTable();
  const repeated = new Map<string, number>();

  /** The text after the path of an entry that is below something else than a folder. */
  const below = (ancestor: string, kind: PathKind): string => `is below the ${NAMES[kind]} ${quoted(ancestor)}`;

  const linkProblem = (target: string): string => {
    if (BAD_SHAPE.test(target)) return `is a hard link whose target ${quoted(target)} ${shapeProblem(target)}`;
    const blocking = table.findBlocking(target) ?? lossyLinks.findBlocking(target);
    if (blocking) return `is a hard link whose target ${quoted(target)} ${below(...blocking)}`;
    const kind = lossyLinks.kindOf(target) ?? table.kindOf(target);
    return kind === 'link' || (kind !== undefined && isFolder(kind))
      ? `is a hard link to the ${NAMES[kind]} ${quoted(target)}`
      : '';
  };

  /** Of an entry whose path there is already. */
  const again = (path: string, kind: PathKind, before: PathKind): string => {
    if (before === 'container' && kind === 'folder') return '';
    if (before !== kind) return `is a ${NAMES[kind]}, and a ${NAMES[before]} at the same path before`;
    const times = repeated.get(path) ?? 1;
    if (times === 1 && repeated.size >= REPEATED_MAX) return `is one of more than ${REPEATED_MAX} that come again`;
    repeated.set(path, times + 1);
    return '';
  };

  /** Of an entry whose path by itself may be used. */
  const placeProblem = (path: string, kind: PathKind): string => {
    if (kind === 'link' && !path.isWellFormed()) lossyLinks.add(path.replaceAll(LONE_SURROGATE, '?'), kind);
    const result = table.add(path, kind);
    if (result === 'new') return '';
    if (result === 'full') return `is one of more than ${PATH_TABLE_MAX} paths, which is all that can be checked`;
    return result.at === path ? again(path, kind, result.kind) : below(result.at, result.kind);
  };

  const problem = ({ path, type, hardLinkTo }: GatedEntry): string => {
    const kind = ownEntry(KINDS, type) ?? 'other';
    if (path === ROOT && kind === 'folder' && hardLinkTo === '') return '';
    if (BAD_SHAPE.test(path)) return shapeProblem(path);
    return (hardLinkTo === '' ? '' : linkProblem(hardLinkTo)) || placeProblem(path, kind);
  };

  return {
    check: (entry) => {
      const text = problem(entry);
      return text === '' ? '' : `${quoted(entry.path)} ${text}`;
    },
    repeated,
  };
};

/**
 * Tells of each path of a listing whether the entry counts: of those that come more than once only the last does, since borg
 * extracts that one last.
 * @param repeated as a gate found them in an earlier listing of the same
 */
export const createLastOnly = (repeated: ReadonlyMap<string, number>): ((path: string) => boolean) => {
  const seen = new Map<string, number>();
  return (path) => {
    const times = repeated.get(path);
    if (times === undefined) return true;
    const count = (seen.get(path) ?? 0) + 1;
    seen.set(path, count);
    return count >= times;
  };
};
