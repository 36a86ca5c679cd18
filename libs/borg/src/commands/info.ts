import { commonOptions, type CommonOptions } from './common.ts';
import { archiveLocation } from './repository-location.ts';

export interface InfoOptions extends CommonOptions {
  readonly repository: string;
  /** Without it the repository itself is described. */
  readonly archive?: string | undefined;
}

/** Sizes and facts of a repository or an archive as JSON (see `parseRepositoryInfo`, `parseArchiveInfo`). */
export const infoCommand = (options: InfoOptions): string[] => [
  'info',
  ...commonOptions(options),
  '--json',
  '--',
  options.archive === undefined ? options.repository : archiveLocation(options.repository, options.archive),
];
