import type { Crontab } from './crontab.ts';

/**
 * Arithmetic on wall-clock time, without any time zone: a "wall" number is the milliseconds since 1970 of a clock on the wall
 * read as if it showed UTC.
 */
const MINUTE = 60_000;
const DAY = 86_400_000;

const bits = (values: readonly number[]): number => values.reduce((mask, value) => mask | (1 << value), 0);

/** A crontab in the form that `nextWall` searches, computed once. */
interface SearchTables {
  readonly minutesOfDay: readonly number[];
  readonly monthMask: number;
  /** Days (bit 0 = the 1st) that match in a month whose 1st is a Monday (index 0), a Tuesday … */
  readonly dayMasks: readonly number[];
  readonly years: ReadonlySet<number>;
  readonly lastYear: number;
}

const tables = new WeakMap<Crontab, SearchTables>();

const dayMaskWhenFirstIs = (firstWeekday: number, crontab: Crontab): number =>
  bits(
    crontab.daysOfMonth
      .filter((day) => crontab.daysOfWeek.includes(((firstWeekday + day - 1) % 7) + 1))
      .map((d) => d - 1),
  );

const build = (crontab: Crontab): SearchTables => ({
  minutesOfDay: crontab.hours.flatMap((hour) => crontab.minutes.map((minute) => hour * 60 + minute)),
  monthMask: bits(crontab.months),
  dayMasks: [0, 1, 2, 3, 4, 5, 6].map((firstWeekday) => dayMaskWhenFirstIs(firstWeekday, crontab)),
  years: new Set(crontab.years),
  lastYear: crontab.years.at(-1) ?? 0,
});

const tablesOf = (crontab: Crontab): SearchTables => {
  let found = tables.get(crontab);
  if (!found) tables.set(crontab, (found = build(crontab)));
  return found;
};

/** The matching days of a month (0-11) as bits, bit 0 = the 1st. */
const matchingDays = (t: SearchTables, year: number, month: number): number => {
  if ((t.monthMask & (1 << (month + 1))) === 0) return 0;
  const first = Date.UTC(year, month, 1);
  const weekday = (Math.floor(first / DAY) + 3) % 7; // 1970-01-01 was a Thursday; 0 = Monday
  const length = (Date.UTC(year, month + 1, 1) - first) / DAY;
  return (t.dayMasks[weekday] ?? 0) & (0x7fff_ffff >>> (31 - length));
};

/** Midnight of the first matching day on or after `day` (a midnight itself), or null. At most 130 x 12 steps. */
const nextDay = (t: SearchTables, day: number): number | null => {
  const start = new Date(day);
  let month = start.getUTCMonth();
  let passed = (1 << (start.getUTCDate() - 1)) - 1;
  for (let year = start.getUTCFullYear(); year <= t.lastYear; year++, month = 0, passed = 0) {
    if (!t.years.has(year)) continue;
    for (; month < 12; month++, passed = 0) {
      const days = matchingDays(t, year, month) & ~passed;
      if (days !== 0) return Date.UTC(year, month, 1) + (31 - Math.clz32(days & -days)) * DAY;
    }
  }
  return null;
};

/** The first wall-clock minute at or after `wall` that matches, or null when there is none up to the end of 2099. */
export const nextWall = (crontab: Crontab, wall: number): number | null => {
  const t = tablesOf(crontab);
  const from = Math.max(wall, 0);
  const today = Math.floor(from / DAY) * DAY;
  const day = nextDay(t, today);
  if (day === null) return null;
  if (day > today) return day + (t.minutesOfDay[0] ?? 0) * MINUTE;
  const first = Math.ceil((from - today) / MINUTE);
  const minute = t.minutesOfDay.find((each) => each >= first);
  if (minute !== undefined) return today + minute * MINUTE;
  return nextWall(crontab, today + DAY);
};
