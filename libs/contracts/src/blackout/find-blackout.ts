import { zoneClock } from '../crontab/zone-offsets.ts';
import type { Blackout } from './blackout.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;

/** What the clocks on the wall show. */
interface WallTime {
  /** 1-7 = Monday-Sunday. */
  readonly day: number;
  /** Milliseconds from midnight. */
  readonly time: number;
}

const wallTime = (timezone: string, instant: number): WallTime => {
  const wall = instant + zoneClock(timezone).periodAt(instant).offset;
  const days = Math.floor(wall / DAY);
  // 1970-01-01 was a Thursday.
  return { day: ((((days + 3) % 7) + 7) % 7) + 1, time: wall - days * DAY };
};

const dayBefore = (day: number): number => (day === 1 ? 7 : day - 1);

const covers = ({ daysOfWeek, from, until }: Blackout, { day, time }: WallTime): boolean => {
  const [begin, end] = [from * MINUTE, until * MINUTE];
  const isEvening = daysOfWeek.includes(day) && time >= begin;
  if (begin < end) return isEvening && time < end;
  return isEvening || (daysOfWeek.includes(dayBefore(day)) && time < end);
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
