import { commonOptions, type CommonOptions } from './common.ts';

export interface BreakLockOptions extends CommonOptions {
  readonly repository: string;
}

/** Removes the locks of a repository and of its cache on the host where borg runs, whoever holds them. */
export const breakLockCommand = (options: BreakLockOptions): string[] => [
  'break-lock',
  ...commonOptions(options),
  '--',
  options.repository,
];
