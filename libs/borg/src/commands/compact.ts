import { commonOptions, type CommonOptions, option } from './common.ts';

export interface CompactOptions extends CommonOptions {
  readonly repository: string;
  /** Compact segments with at least so much to gain, 0 to 100. Borg's default is 10. */
  readonly thresholdPercent?: number | undefined;
}

/** Frees the space that prune and delete gave up. Needs borg 1.2. */
export const compactCommand = (options: CompactOptions): string[] => [
  'compact',
  ...commonOptions(options),
  '--progress',
  ...option('threshold', options.thresholdPercent),
  '--',
  options.repository,
];
