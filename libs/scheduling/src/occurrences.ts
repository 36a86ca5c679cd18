import { fieldError } from '@cyborgbackup/kernel';
import type { Crontab } from './crontab.ts';
import { nextWall } from './wall-clock.ts';
import { zoneClock, type OffsetPeriod, type ZoneClock } from './zone-offsets.ts';

/*
 * Occurrences in a time zone. A crontab speaks of wall-clock times; between two changes of the clocks these and the instants
 * correspond one to one, so occurrences are enumerated period by period. At the changes:
 *
 * - Clocks put forward: the times in the gap do not exist. If any of them matches, there is one occurrence at the instant of
 *   the change (03:00 for 02:00-03:00). A schedule of every hour is left alone: its occurrences before and after the gap are
 *   as far apart as on any other day.
 * - Clocks put back: the times repeated exist twice. The first is the occurrence. A schedule of every hour or of every minute
 *   has both, since it means a distance in time rather than a time of day.
 *
 * See docs/decisions/0007-cron-parser-reads-crontabs-occurrences-of-our-own.md.
 */
const everyHour = (crontab: Crontab): boolean => crontab.hours.length === 24;
const everyMinute = (crontab: Crontab): boolean => crontab.minutes.length === 60;

/** More than any change moves the clocks (a day, when a country moves across the date line), and than any zone is from UTC. */
const LONGEST_CHANGE = 30 * 3_600_000;

/** Whether a matching time was left out when `period` began. */
const missedAtStart = (crontab: Crontab, { since, offset, offsetBefore }: OffsetPeriod): boolean => {
  if (offset <= offsetBefore || everyHour(crontab)) return false;
  const missed = nextWall(crontab, since + offsetBefore);
  return missed !== null && missed < since + offset;
};

/** The first wall-clock time of `period` at or after the instant `from` that is not a repetition to be left out. */
const firstWallIn = (crontab: Crontab, { since, offset, offsetBefore }: OffsetPeriod, from: number): number => {
  const repeatedUntil = everyHour(crontab) || everyMinute(crontab) ? -Infinity : since + offsetBefore;
  return Math.max(from + offset, repeatedUntil);
};

/** The first occurrence at or after the instant `from`; null when there is none. */
const occurrenceFrom = (crontab: Crontab, clock: ZoneClock, from: number): number | null => {
  let at = from;
  for (;;) {
    const period = clock(at);
    if (at === period.since && missedAtStart(crontab, period)) return at;
    const wall = nextWall(crontab, firstWallIn(crontab, period, at));
    if (wall !== null && wall - period.offset < period.until) return wall - period.offset;
    // No match before `wall`, unless a change soon after `at` repeats some wall-clock times.
    if (period.until - at <= LONGEST_CHANGE) at = period.until;
    else if (wall === null) return null;
    else at = Math.max(period.until, wall - LONGEST_CHANGE);
  }
};

/** The years a crontab can name, with room for every zone. */
const FIRST_INSTANT = -LONGEST_CHANGE;
const LAST_INSTANT = Date.UTC(2100, 0, 1) + LONGEST_CHANGE;

/**
 * The first occurrence after `after`, both in milliseconds since 1970; null when there is none up to the end of 2099. How far
 * away it is makes no difference to the time that this takes. For clock changes see the top of this file.
 * @throws AppError('validation') on the field `timezone` when it is not an IANA time zone
 */
export const nextOccurrence = (crontab: Crontab, timezone: string, after: number): number | null => {
  const clock = zoneClock(timezone);
  if (!(after < LAST_INSTANT)) return null;
  return occurrenceFrom(crontab, clock, Math.max(Math.floor(after) + 1, FIRST_INSTANT));
};

/** The first instant at which the zone's clocks show `wall` or, should they skip it, later. */
const instantOf = (clock: ZoneClock, wall: number): number => {
  let at = wall - LONGEST_CHANGE;
  for (;;) {
    const { offset, until } = clock(at);
    const instant = Math.max(at, wall - offset);
    if (instant < until) return instant;
    at = until;
  }
};

const readMonth = (month: string): readonly [year: number, month: number] => {
  const [, year, number] = /^(\d{4})-(0[1-9]|1[0-2])$/.exec(month) ?? [];
  if (year === undefined || number === undefined)
    throw fieldError('month', `"${month.slice(0, 20)}" is not a month; write it as YYYY-MM.`);
  return [Number(year), Number(number) - 1];
};

/**
 * All occurrences of a month (`YYYY-MM`) of the schedule's own time zone, ascending, as UTC instants such as
 * `2024-06-03T05:00:00+00:00`. At most 44,700, which take half a second: one by one, so that a caller may do other things between.
 * @throws AppError('validation') on the field `month` or `timezone`
 */
export function* occurrencesOfMonth(crontab: Crontab, timezone: string, month: string): Generator<string, void> {
  const [year, number] = readMonth(month);
  const clock = zoneClock(timezone);
  if (year < 1970 || year > 2099) return;
  const end = instantOf(clock, Date.UTC(year, number + 1, 1));
  let at = occurrenceFrom(crontab, clock, instantOf(clock, Date.UTC(year, number, 1)));
  while (at !== null && at < end) {
    yield `${new Date(at).toISOString().slice(0, 19)}+00:00`;
    at = occurrenceFrom(crontab, clock, at + 1);
  }
}
