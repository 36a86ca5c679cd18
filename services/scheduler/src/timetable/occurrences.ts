import { nameUuid } from '@cyborgbackup/kernel';
import { nextOccurrence, parseCrontab } from '@cyborgbackup/scheduling';
import { lenientParser, undefinedOnError } from './lenient-parser.ts';
import type { EntryKey } from './rows/timetable-entry.ts';

export interface Recurrence {
  readonly crontab: string;
  readonly timezone: string;
}

const HOUR = 3_600_000;
/** The next wider one is searched when one held too few, so that no more than some 4,000 times are ever computed. */
const WINDOWS = [HOUR, 12 * HOUR, 10 * 24 * HOUR, 366 * 24 * HOUR];

const crontabOf = lenientParser(parseCrontab);

/** The first time after this one, both in milliseconds since 1970; undefined when there is none, or for an invalid crontab. */
export const occurrenceAfter = ({ crontab, timezone }: Recurrence, millis: number): number | undefined => {
  const parsed = crontabOf(crontab);
  return parsed && undefinedOnError(() => nextOccurrence(parsed, timezone, millis) ?? undefined);
};

/** Times at which something was due. */
export interface Occurrences {
  /** Ascending, at least one. */
  readonly times: readonly number[];
  /** There are earlier ones, which are left out. */
  readonly isCut: boolean;
}

/**
 * The latest times up to `until`, at most `limit`, given one that is not after it. However long ago that one was, only few
 * more are computed than are returned.
 */
export const latestOccurrences = (recurrence: Recurrence, known: number, until: number, limit: number): Occurrences => {
  for (const window of WINDOWS) {
    const start = Math.max(known, until - window);
    const found = timesFrom(recurrence, start, until, start === known);
    if (found.length > limit || start === known) return latestOf(found, limit);
    // One that has no room for more than this needs no wider window.
    if (found.length === limit) return { times: found, isCut: true };
  }
  return latestOf(timesFrom(recurrence, known, until, true), limit);
};

export const latestOf = (found: readonly number[], limit: number): Occurrences => ({
  times: found.slice(-limit),
  isCut: found.length > limit,
});

const timesFrom = (recurrence: Recurrence, start: number, until: number, isIncluded: boolean): readonly number[] => {
  const found = isIncluded ? [start] : [];
  const next = (after: number): number | undefined => occurrenceAfter(recurrence, after);
  for (let time = next(start); time !== undefined && time <= until; time = next(time)) found.push(time);
  return found;
};

/**
 * The uuid of the run of an occurrence (`due` in milliseconds since 1970). It is always the same for the same occurrence, so a
 * second start finds it started or skipped.
 */
export const occurrenceRun = ({ subject, kind }: EntryKey, due: number): string =>
  nameUuid(subject, `${kind}/${new Date(due).toISOString()}`);
