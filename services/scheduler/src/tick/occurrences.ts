import { nextOccurrence, parseCrontab, type Crontab } from '@cyborgbackup/scheduling';

export interface Times {
  readonly crontab: string;
  readonly timezone: string;
}

const HOUR = 3_600_000;
/** The next wider one is looked at when one held too few, so that no more than some 4,000 times are ever computed. */
const WINDOWS = [HOUR, 12 * HOUR, 10 * 24 * HOUR, 366 * 24 * HOUR];

/** Schedules are few and policies many: each text is read once. */
const parsed = new Map<string, Crontab | undefined>();
const MAX_PARSED = 10_000;

const crontabOf = (text: string): Crontab | undefined => {
  if (!parsed.has(text)) {
    if (parsed.size >= MAX_PARSED) parsed.clear();
    parsed.set(
      text,
      tryOr(() => parseCrontab(text), undefined),
    );
  }
  return parsed.get(text);
};

/** What is not understood is never due; nobody can store such a thing, except a release with other rules. */
const tryOr = <T>(work: () => T, otherwise: T): T => {
  try {
    return work();
  } catch {
    return otherwise;
  }
};

/** The first time after this one, both in milliseconds since 1970; undefined when there is none. */
export const occurrenceAfter = ({ crontab, timezone }: Times, millis: number): number | undefined => {
  const read = crontabOf(crontab);
  return read && tryOr(() => nextOccurrence(read, timezone, millis) ?? undefined, undefined);
};

/** Times at which something was due. */
export interface Occurrences {
  /** Ascending, at least one. */
  readonly times: readonly number[];
  /** There are earlier ones, which are left out. */
  readonly isCut: boolean;
}

/**
 * The latest times up to `until`, at most so many, given one that is not after it. However long ago that one was, only few
 * more are computed than are given.
 */
export const latestOccurrences = (times: Times, known: number, until: number, most: number): Occurrences => {
  for (const window of WINDOWS) {
    const start = Math.max(known, until - window);
    const found = timesFrom(times, start, until, start === known);
    if (found.length > most || start === known) return latestOf(found, most);
    // One that has no room for more than this needs no wider window.
    if (found.length === most) return { times: found, isCut: true };
  }
  return latestOf(timesFrom(times, known, until, true), most);
};

const latestOf = (found: readonly number[], most: number): Occurrences => ({
  times: found.slice(-most),
  isCut: found.length > most,
});

const timesFrom = (times: Times, start: number, until: number, isIncluded: boolean): readonly number[] => {
  const found = isIncluded ? [start] : [];
  for (let at = occurrenceAfter(times, start); at !== undefined && at <= until; at = occurrenceAfter(times, at)) {
    found.push(at);
  }
  return found;
};
