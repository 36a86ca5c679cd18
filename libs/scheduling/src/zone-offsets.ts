import { fieldError } from '@cyborgbackup/kernel';

/** A period during which a zone's clocks keep one offset from UTC. Instants and offsets in milliseconds. */
export interface OffsetPeriod {
  /** When the clocks were last changed; -Infinity when that was neither in this year nor in the one before. */
  readonly since: number;
  /** The next change, exclusive, or the end of the year (the next period then has this offset too). */
  readonly until: number;
  /** wall clock = instant + offset */
  readonly offset: number;
  readonly offsetBefore: number;
}

/**
 * A zone's clock: the period of an instant. The runtime tells offsets slowly, so changes are searched for once per year and kept.
 */
export type ZoneClock = (instant: number) => OffsetPeriod;

interface Change {
  readonly at: number;
  readonly before: number;
  readonly after: number;
}

interface YearOfChanges {
  /** The offset when the year begins. */
  readonly initial: number;
  readonly changes: readonly Change[];
}

const DAY = 86_400_000;
/** Shorter than the time between two changes of a zone (in Morocco, Ramadan without daylight saving takes four weeks). */
const SAMPLE = 7 * DAY;
const OFFSET = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/;

const readOffset = (formatted: string): number => {
  const [, sign, hours = '0', minutes = '0', seconds = '0'] = OFFSET.exec(formatted) ?? [];
  const size = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000;
  return sign === '-' ? -size : size;
};

const zoneFormat = (timezone: string): Intl.DateTimeFormat => {
  try {
    if (/^[A-Za-z]/.test(timezone))
      return new Intl.DateTimeFormat('en-US', { timeZone: timezone, timeZoneName: 'longOffset' });
  } catch {
    // falls through: not a zone the runtime knows
  }
  throw fieldError(
    'timezone',
    `"${timezone.slice(0, 64)}" is not a time zone; write an IANA name such as Europe/Paris or UTC.`,
  );
};

const createZoneClock = (timezone: string): ZoneClock => {
  const format = zoneFormat(timezone);
  const offsetAt = (instant: number): number => readOffset(format.format(instant));
  const years = new Map<number, YearOfChanges>();

  /** The instant within (low, high] at which the offset stops being `before`. */
  const changeWithin = (low: number, high: number, before: number): number => {
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (offsetAt(middle) === before) low = middle;
      else high = middle;
    }
    return high;
  };

  const findChanges = (year: number): YearOfChanges => {
    const changes: Change[] = [];
    const end = Date.UTC(year + 1, 0, 1) - 1;
    let low = Date.UTC(year, 0, 1) - 1;
    const initial = offsetAt(low);
    let before = initial;
    while (low < end) {
      const high = Math.min(low + SAMPLE, end);
      const after = offsetAt(high);
      if (after !== before) {
        changes.push({ at: changeWithin(low, high, before), before, after });
        before = after;
      }
      low = high;
    }
    return { initial, changes };
  };

  const changesOf = (year: number): YearOfChanges => {
    let changes = years.get(year);
    if (!changes) years.set(year, (changes = findChanges(year)));
    return changes;
  };

  return (instant) => {
    const year = new Date(instant).getUTCFullYear();
    const { initial, changes } = changesOf(year);
    const until = changes.find(({ at }) => at > instant)?.at ?? Date.UTC(year + 1, 0, 1);
    const last = changes.findLast(({ at }) => at <= instant) ?? changesOf(year - 1).changes.at(-1);
    if (!last) return { since: -Infinity, until, offset: initial, offsetBefore: initial };
    return { since: last.at, until, offset: last.after, offsetBefore: last.before };
  };
};

/** More than there are zones. Bounded, since spellings in other letter cases are accepted too. */
const MAX_CLOCKS = 1000;
const clocks = new Map<string, ZoneClock>();

/** @throws AppError('validation') on the field `timezone` when the name is not an IANA time zone */
export const zoneClock = (timezone: string): ZoneClock => {
  let clock = clocks.get(timezone);
  if (!clock) {
    clock = createZoneClock(timezone);
    if (clocks.size >= MAX_CLOCKS) clocks.clear();
    clocks.set(timezone, clock);
  }
  return clock;
};

/** @throws AppError('validation') on the field `timezone` unless it is an IANA time zone, such as `Europe/Paris` or `UTC` */
export const checkTimezone = (timezone: string): string => {
  zoneClock(timezone);
  return timezone;
};
