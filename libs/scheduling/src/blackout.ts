import { AppError, fieldError } from '@cyborgbackup/kernel';
import { readCrontabField } from './crontab-field.ts';
import type { Crontab } from './crontab.ts';
import { nextOccurrence } from './occurrences.ts';
import { zoneClock } from './zone-offsets.ts';

/** A window of the week in which a schedule starts nothing, by the clocks of the schedule's time zone. */
export interface Blackout {
  readonly text: string;
  /** Days on which it begins; 1-7 = Monday-Sunday. */
  readonly daysOfWeek: readonly number[];
  /** Minutes from midnight, 0-1439. */
  readonly from: number;
  /** Minutes from midnight, 1-1440, exclusive; not above `from` when the window ends on the day after. */
  readonly until: number;
}

const EXAMPLES = 'write for example "MON-FRI 08:00-18:00" or "22:00-02:00"';
const WINDOW = /^[ \t]*(?:(\S+)[ \t]+)?(\d{1,2}):(\d\d)-(\d{1,2}):(\d\d)[ \t]*$/;

const refuse = (text: string, why: string): AppError =>
  fieldError('blackouts', `"${text.slice(0, 64)}": ${why}; ${EXAMPLES}.`);

const readDays = (text: string, days: string): readonly number[] => {
  try {
    return readCrontabField('dayOfWeek', days);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const [why = ''] = error.fields?.['crontab'] ?? [];
    throw refuse(text, why.replace(/\.$/, ''));
  }
};

/** Minutes from midnight. */
const readTime = (text: string, [hours, minutes]: readonly [string, string], last: number): number => {
  const time = Number(hours) * 60 + Number(minutes);
  if (Number(minutes) > 59 || time > last) throw refuse(text, `there is no time ${hours}:${minutes}`);
  return time;
};

/**
 * Reads `[DAYS ]HH:MM-HH:MM`. DAYS is written as a crontab's day of week, default: every day. A window whose end is not after
 * its begin ends on the next day; 24:00 is the end of a day.
 * @throws AppError('validation') on the field `blackouts`, saying what is wrong with the window
 */
export const parseBlackout = (text: string): Blackout => {
  const [, days = '*', fromHours, fromMinutes, untilHours, untilMinutes] = WINDOW.exec(text) ?? [];
  if (fromHours === undefined || fromMinutes === undefined || untilHours === undefined || untilMinutes === undefined)
    throw refuse(text, 'this is not a window of time');
  const from = readTime(text, [fromHours, fromMinutes], 1_439);
  const until = readTime(text, [untilHours, untilMinutes], 1_440);
  if (from === until) throw refuse(text, 'it begins when it ends (a whole day is 00:00-24:00)');
  return { text, daysOfWeek: readDays(text, days), from, until: until === 0 ? 1_440 : until };
};

const MINUTE = 60_000;
const DAY = 86_400_000;

/** An instant as the clocks of a zone show it. */
interface WallTime {
  /** 1-7 = Monday-Sunday. */
  readonly day: number;
  /** Milliseconds from midnight. */
  readonly time: number;
}

const wallTime = (timezone: string, instant: number): WallTime => {
  const wall = instant + zoneClock(timezone)(instant).offset;
  const days = Math.floor(wall / DAY);
  // 1970-01-01 was a Thursday.
  return { day: ((((days + 3) % 7) + 7) % 7) + 1, time: wall - days * DAY };
};

const dayBefore = (day: number): number => (day === 1 ? 7 : day - 1);

const covers = ({ daysOfWeek, from, until }: Blackout, { day, time }: WallTime): boolean => {
  const [begin, end] = [from * MINUTE, until * MINUTE];
  const hasBegun = daysOfWeek.includes(day) && time >= begin;
  if (begin < end) return hasBegun && time < end;
  return hasBegun || (daysOfWeek.includes(dayBefore(day)) && time < end);
};

/**
 * The first of the windows in which an instant (milliseconds since 1970) lies; undefined when it lies in none. What counts
 * is what the zone's clocks show then, also in an hour that they show twice.
 * @throws AppError('validation') on the field `timezone` when it is not an IANA time zone
 */
export const findBlackout = (
  blackouts: readonly Blackout[],
  timezone: string,
  instant: number,
): Blackout | undefined => {
  if (blackouts.length === 0) return undefined;
  const wall = wallTime(timezone, instant);
  return blackouts.find((blackout) => covers(blackout, wall));
};

export interface OpenTimes {
  readonly crontab: Crontab;
  readonly timezone: string;
  readonly blackouts: readonly Blackout[];
}

/** More occurrences than a schedule of every minute has in a week, after which the windows repeat. */
const MAX_TRIED = 11_000;

/**
 * The first occurrence after `after` that lies in no blackout, both in milliseconds since 1970; null when the next 11,000
 * all do, or when there is none up to the end of 2099.
 * @throws AppError('validation') on the field `timezone` when it is not an IANA time zone
 */
export const nextOpenOccurrence = ({ crontab, timezone, blackouts }: OpenTimes, after: number): number | null => {
  let at = nextOccurrence(crontab, timezone, after);
  for (let tried = 0; at !== null && tried < MAX_TRIED; tried += 1) {
    if (!findBlackout(blackouts, timezone, at)) return at;
    at = nextOccurrence(crontab, timezone, at);
  }
  return null;
};
