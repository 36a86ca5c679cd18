import { archiveLocation, checkArchiveName } from './repository-location.ts';
import { AppError } from '@cyborgbackup/kernel';
import { commonOptions, type CommonOptions, escapeGlob, flag, literalPaths, option, repeated } from './options.ts';

/** The archives of a repository, as one JSON document (see `parseArchiveList`). */
export const listArchivesCommand = (
  options: CommonOptions & {
    /** Only archives whose name begins with this, literally. */
    readonly prefix?: string | undefined;
    /** Also unfinished ones. */
    readonly considerCheckpoints?: boolean;
  },
): string[] => [
  'list',
  ...commonOptions(options),
  '--json',
  ...(options.prefix === undefined ? [] : [`--glob-archives=${escapeGlob(checkArchiveName(options.prefix))}*`]),
  ...flag('consider-checkpoints', options.considerCheckpoints),
  '--',
  options.repository,
];

/** Deletes archives. Space is freed by a later compact. @throws AppError('validation') without an archive */
export const deleteCommand = (
  options: CommonOptions & {
    /** At least one: without a name borg would delete the whole repository. */
    readonly archives: readonly string[];
  },
): string[] => {
  if (options.archives.length === 0) throw new AppError('validation', 'Name the archives to delete.');
  return ['delete', ...commonOptions(options), '--', options.repository, ...options.archives.map(checkArchiveName)];
};

interface SelectionOptions extends CommonOptions {
  readonly archive: string;
  /** Paths as the archive has them, each with all below it. Without these and patterns: everything. */
  readonly paths?: readonly string[] | undefined;
}

interface PatternOptions extends SelectionOptions {
  /** Further items, in borg's syntax (`borg help patterns`), each with a prefix such as `sh:`. */
  readonly patterns?: readonly string[] | undefined;
}

/**
 * The fields of an entry, each ended by a NUL, see `createListParser`. `!a` is Python's `ascii()`: of all that borg 1.2 and 1.4
 * can print, only that keeps bytes that are not UTF-8 (in JSON and in plain text alike, borg writes `?` in their place), and it
 * does not depend on the host's locale. Without line ends, borg does not flush its output after every entry.
 */
const ENTRY_FIELDS = 'type mode user!a group!a uid gid size isomtime health source!a bpath!a'.split(' ');

/** What is in an archive, with the true bytes of paths, for `createListParser`. */
export const listEntriesCommand = (
  options: PatternOptions & {
    /** Borg reads the contents of all files and reports their SHA-256. */
    readonly withDigests?: boolean;
  },
): string[] => {
  const fields = [...ENTRY_FIELDS, ...(options.withDigests ? ['sha256'] : [])];
  return [
    'list',
    ...commonOptions(options),
    ...option('format', fields.map((field) => `{${field}}{NUL}`).join('')),
    '--',
    archiveLocation(options.repository, options.archive),
    ...literalPaths(options.paths),
    ...(options.patterns ?? []),
  ];
};

/** Extracts into the current folder (see `BorgCommand.directory`) or to standard output. */
export const extractCommand = (
  options: PatternOptions & {
    readonly dryRun?: boolean;
    /** Write the contents to standard output instead of files. */
    readonly stdout?: boolean;
    /** Keep the numeric owners, whatever their names are on this host. */
    readonly numericIds?: boolean;
    /** Leave file flags such as `immutable` out: a file that has it cannot be moved. */
    readonly noFlags?: boolean;
    /** What is left out of it, in borg's syntax. */
    readonly exclude?: readonly string[];
    /** Leave holes where a file has nothing but zeros. */
    readonly sparse?: boolean;
  },
): string[] => [
  'extract',
  ...commonOptions(options),
  ...(options.stdout ? ['--stdout'] : ['--progress']),
  ...flag('dry-run', options.dryRun),
  ...flag('numeric-ids', options.numericIds),
  ...flag('noflags', options.noFlags),
  ...flag('sparse', options.sparse),
  ...repeated('exclude', options.exclude),
  '--',
  archiveLocation(options.repository, options.archive),
  ...literalPaths(options.paths),
  ...(options.patterns ?? []),
];

/** Writes an archive, or some of its paths, as an uncompressed tar to standard output (see `RunBorgOptions.onStdout`). */
export const exportTarCommand = (options: SelectionOptions): string[] => [
  'export-tar',
  ...commonOptions(options),
  '--',
  archiveLocation(options.repository, options.archive),
  '-',
  ...literalPaths(options.paths),
];
