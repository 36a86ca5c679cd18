import { commonOptions, type CommonOptions, flag, option } from './common.ts';
import { archiveLocation } from './repository-location.ts';

export interface CheckOptions extends CommonOptions {
  readonly repository: string;
  /** Only this archive (and not the repository's own structure). */
  readonly archive?: string | undefined;
  /** Default: both the repository's structure and the archives' metadata. */
  readonly only?: 'repository' | 'archives' | undefined;
  /** Read and verify all data, which takes as long as restoring everything. */
  readonly verifyData?: boolean;
  /** Stop a check of the repository's structure after so many seconds; the next one goes on from there. */
  readonly maxDurationSeconds?: number | undefined;
}

/** Checks without repairing. */
export const checkCommand = (options: CheckOptions): string[] => [
  'check',
  ...commonOptions(options),
  '--progress',
  ...flag('repository-only', options.only === 'repository'),
  ...flag('archives-only', options.only === 'archives'),
  ...flag('verify-data', options.verifyData),
  ...option('max-duration', options.maxDurationSeconds),
  '--',
  options.archive === undefined ? options.repository : archiveLocation(options.repository, options.archive),
];
