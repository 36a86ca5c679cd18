import { commonOptions, type CommonOptions, flag, option } from './common.ts';
import { prefixGlob } from './glob.ts';
import { literalPaths } from './literal-path.ts';
import { archiveLocation } from './repository-location.ts';

export interface ListArchivesOptions extends CommonOptions {
  readonly repository: string;
  /** Only archives whose name begins with this, literally. */
  readonly prefix?: string | undefined;
  /** Only the newest so many. */
  readonly last?: number | undefined;
  /** Also unfinished ones. */
  readonly considerCheckpoints?: boolean;
}

/** The archives of a repository, as one JSON document (see `parseArchiveList`). */
export const listArchivesCommand = (options: ListArchivesOptions): string[] => [
  'list',
  ...commonOptions(options),
  '--json',
  ...option('glob-archives', options.prefix === undefined ? undefined : prefixGlob(options.prefix)),
  ...option('last', options.last),
  ...flag('consider-checkpoints', options.considerCheckpoints),
  '--',
  options.repository,
];

export interface ListFilesOptions extends CommonOptions {
  readonly repository: string;
  readonly archive: string;
}

/** In JSON borg always gives type, mode, owner, path and link target; sizes and times only when the format names them. */
const FIELDS = '{size}{mtime}';

/** What is in an archive, one JSON object per line (see `parseListLine`). */
export const listFilesCommand = (options: ListFilesOptions): string[] => [
  'list',
  ...commonOptions(options),
  '--json-lines',
  ...option('format', FIELDS),
  '--',
  archiveLocation(options.repository, options.archive),
];

/**
 * The fields of an entry, each ended by a NUL, see `createListParser`. `!a` is Python's `ascii()`: of all that borg 1.2 and 1.4
 * can print, only that tells bytes that are not UTF-8 (in JSON and in plain text alike, borg writes `?` in their place), and it
 * does not depend on the host's locale. Without line ends, borg does not flush its output after every entry.
 */
const ENTRY_FIELDS = 'type mode user!a group!a uid gid size isomtime health source!a bpath!a'.split(' ');

export interface ListEntriesOptions extends ListFilesOptions {
  /** Paths as the archive has them, each with all below it. Without these and `patterns`: everything. */
  readonly paths?: readonly string[] | undefined;
  /** Further items, in borg's syntax (`borg help patterns`), each with a prefix such as `sh:`. */
  readonly patterns?: readonly string[] | undefined;
  /** Borg reads the contents of all files and tells their SHA-256. */
  readonly withDigests?: boolean;
}

const entryFormat = ({ withDigests }: ListEntriesOptions): string =>
  [...ENTRY_FIELDS, ...(withDigests ? ['sha256'] : [])].map((field) => `{${field}}{NUL}`).join('');

/** What is in an archive, with the true bytes of paths, for `createListParser`. */
export const listEntriesCommand = (options: ListEntriesOptions): string[] => [
  'list',
  ...commonOptions(options),
  ...option('format', entryFormat(options)),
  '--',
  archiveLocation(options.repository, options.archive),
  ...literalPaths(options.paths),
  ...(options.patterns ?? []),
];
