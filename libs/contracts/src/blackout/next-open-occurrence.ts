import type { Crontab } from '../crontab/crontab.ts';
import { nextOccurrence } from '../crontab/occurrences.ts';
import type { Blackout } from './blackout.ts';
import { findBlackout } from './find-blackout.ts';

export interface OpenTimes {
  readonly crontab: Crontab;
  readonly timezone: string;
  readonly blackouts: readonly Blackout[];
}

/** More slots than a schedule of every minute has in a week: who finds no open one among them has none. */
const MOST_TRIED = 11_000;

/**
 * The first occurrence after `after` that lies in no blackout, both in milliseconds since 1970; null when the next 11,000
 * all do, or when there is none up to the end of 2099.
 * @throws AppError('validation') on the field `timezone` when it is not an IANA time zone
 */
export const nextOpenOccurrence = ({ crontab, timezone, blackouts }: OpenTimes, after: number): number | null => {
  let at = nextOccurrence(crontab, timezone, after);
  for (let tried = 0; at !== null && tried < MOST_TRIED; tried += 1) {
    if (!findBlackout(blackouts, timezone, at)) return at;
    at = nextOccurrence(crontab, timezone, at);
  }
  return null;
};
