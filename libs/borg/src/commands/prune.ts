import { AppError } from '@cyborgbackup/kernel';
import { commonOptions, type CommonOptions, flag, option } from './common.ts';

/** How many archives to keep of each kind; 0 and absent keep none. */
export interface Retention {
  readonly last?: number | undefined;
  readonly hourly?: number | undefined;
  readonly daily?: number | undefined;
  readonly weekly?: number | undefined;
  readonly monthly?: number | undefined;
  readonly yearly?: number | undefined;
  /** Everything younger, for example `48H` or `30d`. */
  readonly within?: string | undefined;
}

export interface PruneOptions extends CommonOptions {
  readonly repository: string;
  /** A pattern from `archiveGlob`: which archives the rules are about. All others are left alone. */
  readonly archives: string;
  readonly keep: Retention;
  readonly dryRun?: boolean;
}

const COUNTS = ['last', 'hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const;

const count = (name: string, value: number | undefined): readonly string[] => {
  if (value === undefined || value === 0) return [];
  if (!Number.isSafeInteger(value) || value < 0)
    throw new AppError('validation', `keep ${name}: a whole number from 0 is needed.`);
  return option(`keep-${name}`, value);
};

/** The rules as borg's options. @throws AppError('validation') when nothing at all would be kept */
const keepOptions = (keep: Retention): string[] => {
  const rules = [...COUNTS.flatMap((name) => count(name, keep[name])), ...option('keep-within', keep.within)];
  if (rules.length === 0) throw new AppError('validation', 'Prune needs at least one rule of what to keep.');
  return rules;
};

/** Deletes the archives that no rule keeps. Space is freed by a later compact. See `parsePruneMessage`. */
export const pruneCommand = (options: PruneOptions): string[] => [
  'prune',
  ...commonOptions(options),
  '--list',
  ...flag('dry-run', options.dryRun),
  ...option('glob-archives', options.archives),
  ...keepOptions(options.keep),
  '--',
  options.repository,
];
