import { commonOptions, type CommonOptions, flag, option, repeated } from './common.ts';
import { literalPaths } from './literal-path.ts';
import { archiveLocation } from './repository-location.ts';

export interface ExtractOptions extends CommonOptions {
  readonly repository: string;
  readonly archive: string;
  /** Paths as the archive has them, each with all below it. Absent: everything. */
  readonly paths?: readonly string[] | undefined;
  /** Further things to extract, in borg's syntax (`borg help patterns`), each with a prefix such as `sh:`. */
  readonly patterns?: readonly string[] | undefined;
  readonly exclude?: readonly string[] | undefined;
  readonly stripComponents?: number | undefined;
  readonly dryRun?: boolean;
  /** Write the contents to standard output instead of files. */
  readonly stdout?: boolean;
  /** Report every file. */
  readonly list?: boolean;
  /** Leave owners as they are for the one who extracts. */
  readonly numericIds?: boolean;
  /** Leave holes where a file has nothing but zeros. */
  readonly sparse?: boolean;
}

/** Extracts into the current folder (see `BorgCommand.directory`) or to standard output. */
export const extractCommand = (options: ExtractOptions): string[] => [
  'extract',
  ...commonOptions(options),
  ...(options.stdout ? ['--stdout'] : ['--progress']),
  ...flag('list', options.list),
  ...flag('dry-run', options.dryRun),
  ...flag('numeric-ids', options.numericIds),
  ...flag('sparse', options.sparse),
  ...option('strip-components', options.stripComponents),
  ...repeated('exclude', options.exclude),
  '--',
  archiveLocation(options.repository, options.archive),
  ...literalPaths(options.paths),
  ...(options.patterns ?? []),
];
