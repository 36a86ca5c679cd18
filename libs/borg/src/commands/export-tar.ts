import { commonOptions, type CommonOptions, flag, option, repeated } from './common.ts';
import { literalPaths } from './literal-path.ts';
import { archiveLocation } from './repository-location.ts';

export interface ExportTarOptions extends CommonOptions {
  readonly repository: string;
  readonly archive: string;
  /** Paths as the archive has them, each with all below it. Absent: everything. */
  readonly paths?: readonly string[] | undefined;
  readonly exclude?: readonly string[] | undefined;
  readonly stripComponents?: number | undefined;
  /** Report every file. */
  readonly list?: boolean;
}

/** Writes an archive, or some of its paths, as an uncompressed tar to standard output (see `RunBorgOptions.onStdout`). */
export const exportTarCommand = (options: ExportTarOptions): string[] => [
  'export-tar',
  ...commonOptions(options),
  ...flag('list', options.list),
  ...option('strip-components', options.stripComponents),
  ...repeated('exclude', options.exclude),
  '--',
  archiveLocation(options.repository, options.archive),
  '-',
  ...literalPaths(options.paths),
];
