import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseCrontab, type Crontab } from './crontab.ts';
import { nextOccurrence, occurrencesOfMonth } from './occurrences.ts';
import { checkTimezone } from './zone-offsets.ts';

const MINUTE = 60_000;
const next = (text: string, after: string, timezone = 'UTC'): string | null => {
  const found = nextOccurrence(parseCrontab(text), timezone, Date.parse(after));
  return found === null ? null : new Date(found).toISOString().replace(':00.000Z', 'Z');
};
const month = (text: string, timezone: string, of: string): string[] => [
  ...occurrencesOfMonth(parseCrontab(text), timezone, of),
];
const onDay = (text: string, timezone: string, day: string): string[] =>
  month(text, timezone, day.slice(0, 7))
    .filter((instant) => instant.startsWith(day))
    .map((instant) => instant.slice(11, 16));

describe('the next occurrence', () => {
  test.each([
    ['*/1 * * * * *', '2024-06-03T05:00:00Z', '2024-06-03T05:01Z'],
    ['* * * * *', '2024-06-03T05:00:59.999Z', '2024-06-03T05:01Z'],
    ['0 5 * * MON *', '2024-06-01T00:00:00Z', '2024-06-03T05:00Z'],
    ['0 5 * * MON *', '2024-06-03T04:59:59.999Z', '2024-06-03T05:00Z'],
    ['0 5 * * MON *', '2024-06-03T05:00:00Z', '2024-06-10T05:00Z'],
    ['0 5 * * 0', '2024-06-03T05:00:00Z', '2024-06-09T05:00Z'],
    ['0 5 13 * FRI *', '2024-01-01T00:00:00Z', '2024-09-13T05:00Z'],
    ['0/15 * * * *', '2024-06-03T05:01:00Z', '2024-06-03T05:15Z'],
    ['59 23 31 12 * *', '2024-12-31T23:59:00Z', '2025-12-31T23:59Z'],
    ['0 0 31 * *', '2024-01-31T00:00:00Z', '2024-03-31T00:00Z'],
    ['0 0 29 2 *', '2024-03-01T00:00:00Z', '2028-02-29T00:00Z'],
    ['0 0 29 2 * 2096', '2024-03-01T00:00:00Z', '2096-02-29T00:00Z'],
    ['0 0 29 2 MON', '2024-03-01T00:00:00Z', '2044-02-29T00:00Z'],
    ['0 0 1 1 * 2030', '2024-03-01T00:00:00Z', '2030-01-01T00:00Z'],
    ['0 0 1 1 * 2020', '2024-03-01T00:00:00Z', null],
    ['0 0 30 2 *', '2024-03-01T00:00:00Z', null],
    ['0 0 31 4,6,9,11 *', '2024-03-01T00:00:00Z', null],
    ['* * * * *', '2099-12-31T23:58:00Z', '2099-12-31T23:59Z'],
    ['* * * * *', '2099-12-31T23:59:00Z', null],
    ['* * * * *', '1901-01-01T00:00:00Z', '1970-01-01T00:00Z'],
  ])('of %s after %s is found', (text, after, expected) => {
    expect(next(text, after)).toBe(expected);
  });

  test('is a wall-clock time of the time zone, also at the ends of the years', () => {
    expect(next('0 5 * * *', '2024-06-03T00:00:00Z', 'Europe/Paris')).toBe('2024-06-03T03:00Z');
    expect(next('0 5 * * *', '2024-12-03T00:00:00Z', 'Europe/Paris')).toBe('2024-12-03T04:00Z');
    expect(next('45 5 * * *', '2024-12-03T00:00:00Z', 'Asia/Kathmandu')).toBe('2024-12-04T00:00Z');
    expect(next('0 0 1 1 * 2030', '2024-01-01T00:00:00Z', 'Pacific/Kiritimati')).toBe('2029-12-31T10:00Z');
    expect(next('59 23 31 12 * 2099', '2024-01-01T00:00:00Z', 'Pacific/Pago_Pago')).toBe('2100-01-01T10:59Z');
  });

  test('is searched after any number', () => {
    const every = parseCrontab('* * * * *');
    expect([NaN, Infinity, 1e300].map((after) => nextOccurrence(every, 'UTC', after))).toEqual([null, null, null]);
    expect(nextOccurrence(every, 'UTC', -Infinity)).toBe(0);
  });

  test.each(['', 'Mars/Olympus', '+01:00', 'Europe/Paris; x', 'é'.repeat(200)])(
    'is refused for the time zone "%s"',
    (timezone) => {
      expect(() => checkTimezone(timezone)).toThrow(/is not a time zone/);
      expect(() => nextOccurrence(parseCrontab('* * * * *'), timezone, 0)).toThrow(/IANA/);
    },
  );
});

describe('when the clocks are put forward (Paris, 31 March 2024: 02:00 becomes 03:00 at 01:00 UTC)', () => {
  test.each([
    ['30 2 * * *', ['01:00'], 'a time that does not exist is made up for right after the gap'],
    ['*/10 2 * * *', ['01:00'], 'once, however many were left out'],
    ['0,30 2,3 * * *', ['01:00', '01:30'], 'and together with what is due then anyway'],
    ['30 1,2,4 * * *', ['00:30', '01:00', '02:30'], 'in order'],
    ['0 3 * * *', ['01:00'], 'the first time after the gap is not affected'],
    ['59 1 * * *', ['00:59'], 'nor the last before it'],
    ['* 2 * * *', ['01:00'], 'every minute of an hour left out'],
  ])('%s has the occurrences %s: %s', (text, expected) => {
    expect(onDay(text, 'Europe/Paris', '2024-03-31')).toEqual(expected);
  });

  test('a schedule of every hour has no extra occurrence', () => {
    expect(onDay('30 * * * *', 'Europe/Paris', '2024-03-31').slice(0, 4)).toEqual(['00:30', '01:30', '02:30', '03:30']);
    expect(month('* * * * *', 'Europe/Paris', '2024-03')).toHaveLength((31 * 24 - 1) * 60);
  });

  test('an occurrence on a day left out (Samoa, 30 December 2011) is when the next day begins', () => {
    expect(next('0 12 30 12 * 2011', '2011-01-01T00:00:00Z', 'Pacific/Apia')).toBe('2011-12-30T10:00Z');
  });

  test('the day before and the day after have their usual occurrences', () => {
    expect(onDay('30 2 * * *', 'Europe/Paris', '2024-03-30')).toEqual(['01:30']);
    expect(onDay('30 2 * * *', 'Europe/Paris', '2024-04-01')).toEqual(['00:30']);
  });
});

describe('when the clocks are put back (Paris, 27 October 2024: 03:00 becomes 02:00 at 01:00 UTC)', () => {
  test.each([
    ['30 2 * * *', ['00:30'], 'a time that exists twice counts the first time only'],
    ['*/20 2 * * *', ['00:00', '00:20', '00:40'], 'all of them'],
    ['0 3 * * *', ['02:00'], 'the time after is not affected'],
    ['15 1-3 * * *', ['00:15', '02:15'], 'in order'],
  ])('%s has the occurrences %s: %s', (text, expected) => {
    expect(onDay(text, 'Europe/Paris', '2024-10-27')).toEqual(expected);
  });

  test('schedules of every hour or every minute have occurrences in both hours', () => {
    expect(onDay('30 * * * *', 'Europe/Paris', '2024-10-27').slice(0, 3)).toEqual(['00:30', '01:30', '02:30']);
    expect(onDay('*/1 * * * * *', 'Europe/Paris', '2024-10-27')).toHaveLength(24 * 60);
    expect(onDay('* 2 * * *', 'Europe/Paris', '2024-10-27')).toHaveLength(120);
  });

  test('a time of the first hour is over within the second hour', () => {
    expect(next('30 2 * * *', '2024-10-27T01:10:00Z', 'Europe/Paris')).toBe('2024-10-28T01:30Z');
    expect(next('30 * * * *', '2024-10-27T01:10:00Z', 'Europe/Paris')).toBe('2024-10-27T01:30Z');
  });
});

describe('the occurrences of a month', () => {
  test('are listed as UTC instants', () => {
    expect(month('0 5 * * MON *', 'UTC', '2024-06')).toEqual([
      '2024-06-03T05:00:00+00:00',
      '2024-06-10T05:00:00+00:00',
      '2024-06-17T05:00:00+00:00',
      '2024-06-24T05:00:00+00:00',
    ]);
    const minutes = month('*/1 * * * * *', 'UTC', '2024-06');
    expect(minutes).toHaveLength(43_200);
    expect([minutes[0], minutes.at(-1)]).toEqual(['2024-06-01T00:00:00+00:00', '2024-06-30T23:59:00+00:00']);
    expect(month('0 0 30 2 *', 'UTC', '2024-02')).toEqual([]);
    expect(month('0 5 * * * 2025', 'UTC', '2024-02')).toEqual([]);
  });

  test('are those of the month in the time zone, which may begin and end in a neighbouring month of UTC', () => {
    const nights = month('0 0 * * *', 'Europe/Paris', '2024-06');
    expect([nights.length, nights[0], nights.at(-1)]).toEqual([
      30,
      '2024-05-31T22:00:00+00:00',
      '2024-06-29T22:00:00+00:00',
    ]);
  });

  test('include a midnight that does not exist (Cairo, 28 April 2023)', () => {
    expect(onDay('0 0 * * *', 'Africa/Cairo', '2023-04-27')).toEqual(['22:00']);
  });

  test.each(['2024', '2024-13', '2024-00', '2024-6', '24-06', '2024-06-01', ' 2024-06', '-2024-06', ''])(
    'are refused for the month "%s"',
    (text) => {
      expect(() => month('* * * * *', 'UTC', text)).toThrow(/YYYY-MM/);
    },
  );

  test('are none outside 1970-2099', () => {
    expect([month('* * * * *', 'UTC', '0000-01'), month('* * * * *', 'UTC', '2100-01')]).toEqual([[], []]);
  });
});

const matches = (crontab: Crontab, wall: number): boolean => {
  const time = new Date(wall);
  return (
    crontab.minutes.includes(time.getUTCMinutes()) &&
    crontab.hours.includes(time.getUTCHours()) &&
    crontab.daysOfMonth.includes(time.getUTCDate()) &&
    crontab.months.includes(time.getUTCMonth() + 1) &&
    crontab.daysOfWeek.includes(time.getUTCDay() || 7) &&
    crontab.years.includes(time.getUTCFullYear())
  );
};

/** Whether a minute is due, `latest` being the latest wall-clock time so far. */
const isDue = (crontab: Crontab, wall: number, latest: number): boolean => {
  const everyHour = crontab.hours.length === 24;
  const repeated = wall <= latest;
  if (matches(crontab, wall) && (!repeated || everyHour || crontab.minutes.length === 60)) return true;
  for (let missed = latest + MINUTE; missed < wall && !everyHour; missed += MINUTE)
    if (matches(crontab, missed)) return true;
  return false;
};

/** The slow way: ask the runtime for the wall-clock time of every minute of the month, one after the other. */
const bruteForce = (crontab: Crontab, timezone: string, of: string): string[] => {
  const format = new Intl.DateTimeFormat('sv-SE', {
    timeZone: timezone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
  });
  const wallAt = (instant: number): number => Date.parse(`${format.format(instant).replace(' ', 'T')}Z`);
  const first = Date.parse(`${of}-01T00:00:00Z`);
  const found: string[] = [];
  let latest = wallAt(first - 26 * 60 * MINUTE);
  let started = false;
  for (let instant = first - 26 * 60 * MINUTE + MINUTE; ; instant += MINUTE) {
    const wall = wallAt(instant);
    const wallMonth = new Date(wall).toISOString().slice(0, 7);
    if (started && wallMonth > of) return found;
    started ||= wallMonth === of;
    const due = isDue(crontab, wall, latest);
    latest = Math.max(latest, wall);
    if (due && started) found.push(`${new Date(instant).toISOString().slice(0, 19)}+00:00`);
  }
};

describe('compared with brute force', () => {
  const values = (min: number, max: number): fc.Arbitrary<string> => {
    const value = fc.integer({ min, max });
    const range = fc.tuple(value, value).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`);
    const item = fc.oneof(fc.constant('*'), value.map(String), range);
    const stepped = fc.tuple(item, fc.integer({ min: 1, max: Math.min(7, max) })).map(([i, step]) => `${i}/${step}`);
    return fc.oneof(
      fc.constant('*'),
      fc.array(fc.oneof(item, stepped), { minLength: 1, maxLength: 3 }).map((l) => l.join()),
    );
  };
  const crontabs = fc
    .tuple(values(0, 59), values(0, 23), values(1, 31), fc.oneof(fc.constant('*'), values(1, 12)), values(0, 7))
    .map((fields) => fields.join(' '));
  const months = fc
    .tuple(fc.integer({ min: 1990, max: 2040 }), fc.constantFrom(1, 2, 3, 4, 5, 9, 10, 11, 12))
    .map(([year, of]) => `${year}-${String(of).padStart(2, '0')}`);
  const zones = fc.constantFrom(
    ...['UTC', 'Europe/Paris', 'America/St_Johns', 'Australia/Lord_Howe', 'Africa/Casablanca', 'Africa/Cairo'],
    ...['America/Sao_Paulo', 'Asia/Kathmandu', 'Pacific/Apia', 'America/New_York', 'Asia/Tehran', 'Pacific/Chatham'],
  );

  test('a month has exactly the occurrences found minute by minute', () => {
    fc.assert(
      fc.property(crontabs, zones, months, (text, timezone, of) => {
        const crontab = parseCrontab(text);
        expect([...occurrencesOfMonth(crontab, timezone, of)]).toEqual(bruteForce(crontab, timezone, of));
      }),
      {
        numRuns: 18,
        examples: [
          ['*/7 0,2,23 * * *', 'America/St_Johns', '2010-11'],
          ['*/7 * * * *', 'America/St_Johns', '2010-11'],
          ['15 0 * * *', 'America/Sao_Paulo', '2018-11'],
          ['15 1,2 * * *', 'Australia/Lord_Howe', '2024-10'],
          ['45 1 * * *', 'Australia/Lord_Howe', '2024-04'],
          ['0 12 29-31 * *', 'Pacific/Apia', '2011-12'],
        ],
      },
    );
  });

  test('occurrences increase, match every field, and agree with the month', () => {
    fc.assert(
      fc.property(crontabs, months, (text, of) => {
        const crontab = parseCrontab(text);
        let at = Date.parse(`${of}-01T00:00:00Z`) - 1;
        const expected = [...occurrencesOfMonth(crontab, 'UTC', of)].slice(0, 20);
        for (const instant of expected) {
          const found = nextOccurrence(crontab, 'UTC', at);
          expect(found).toBe(Date.parse(instant));
          expect(found).toBeGreaterThan(at);
          const time = new Date(instant);
          expect(crontab.minutes).toContain(time.getUTCMinutes());
          expect(crontab.hours).toContain(time.getUTCHours());
          expect(crontab.daysOfMonth).toContain(time.getUTCDate());
          expect(crontab.daysOfWeek).toContain(time.getUTCDay() || 7);
          at = Date.parse(instant);
        }
      }),
      { numRuns: 60 },
    );
  });
});

test('finds out in less than a millisecond that there is no next occurrence', () => {
  const never = parseCrontab('0 0 30 2 *');
  const minutes = parseCrontab('* * * * * *');
  nextOccurrence(never, 'Europe/Paris', 0);
  occurrencesOfMonth(minutes, 'Europe/Paris', '2024-06');
  const started = performance.now();
  for (let i = 0; i < 1000; i++) nextOccurrence(never, 'Europe/Paris', i);
  const perSearch = (performance.now() - started) / 1000;
  expect(perSearch).toBeLessThan(1);
});
