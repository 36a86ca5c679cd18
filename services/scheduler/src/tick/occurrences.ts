import { nextOccurrence, parseCrontab, type Crontab } from '@cyborgbackup/contracts';

export interface Times {
  readonly crontab: string;
  readonly timezone: string;
}

const HOUR = 3_600_000;
/** A window finds the latest occurrence when the one before it was empty, so each holds few: at most some 60. */
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

/** The last time up to `until`, given one that is not after it. */
export const latestOccurrence = (times: Times, known: number, until: number): number => {
  for (const window of WINDOWS) {
    const start = Math.max(known, until - window);
    const latest = lastFrom(times, start, until);
    if (latest !== undefined) return latest;
    if (start === known) return known;
  }
  return lastFrom(times, known, until) ?? known;
};

const lastFrom = (times: Times, start: number, until: number): number | undefined => {
  let latest: number | undefined;
  for (let at = occurrenceAfter(times, start); at !== undefined && at <= until; at = occurrenceAfter(times, at)) {
    latest = at;
  }
  return latest;
};
