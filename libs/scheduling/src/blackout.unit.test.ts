import { isAppError } from '@cyborgbackup/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findBlackout, nextOpenOccurrence, parseBlackout } from './blackout.ts';
import { parseCrontab } from './crontab.ts';

const EVERY_DAY = [1, 2, 3, 4, 5, 6, 7];
const DAYS = ['MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT', 'SUN'];

const refusal = (text: string): string => {
  try {
    parseBlackout(text);
  } catch (error) {
    if (isAppError(error)) return error.fields?.['blackouts']?.join() ?? error.code;
    throw error;
  }
  throw new Error(`"${text}" was accepted`);
};

describe('a blackout window', () => {
  it.each<[string, readonly number[], number, number]>([
    ['MON-FRI 08:00-18:00', [1, 2, 3, 4, 5], 480, 1_080],
    ['22:00-02:00', EVERY_DAY, 1_320, 120],
    ['* 00:00-24:00', EVERY_DAY, 0, 1_440],
    [' sat,SUN\t0:00-7:30 ', [6, 7], 0, 450],
    ['0 23:59-00:00', [7], 1_439, 1_440],
    ['*/2 12:00-12:01', [1, 3, 5, 7], 720, 721],
  ])('is read: %s', (text, daysOfWeek, from, until) => {
    expect(parseBlackout(text)).toEqual({ text, daysOfWeek, from, until });
  });

  it.each<[string, string]>([
    ['', 'this is not a window of time'],
    ['MON', 'this is not a window of time'],
    ['08:00', 'this is not a window of time'],
    ['MON FRI 08:00-18:00', 'this is not a window of time'],
    ['08:00-18:00 MON', 'this is not a window of time'],
    ['MON-FRI 8-18', 'this is not a window of time'],
    ['08:00-18:0', 'this is not a window of time'],
    ['24:00-02:00', 'there is no time 24:00'],
    ['08:60-18:00', 'there is no time 08:60'],
    ['08:00-24:01', 'there is no time 24:01'],
    ['08:00-08:00', 'it begins when it ends'],
    ['FRI-MON 08:00-18:00', 'runs backwards'],
    ['MOO 08:00-18:00', '"MOO" is not one of MON-SUN'],
    ['8 08:00-18:00', '8 is outside 0-7'],
  ])('is refused: "%s"', (text, why) => {
    expect(refusal(text)).toContain(why);
  });

  it('is read or refused with a validation error for any text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[A-Z0-9*,/ :-]{0,20}$/)), (text) => {
        try {
          const { daysOfWeek, from, until } = parseBlackout(text);
          expect(daysOfWeek.length).toBeGreaterThan(0);
          expect(from).toBeLessThan(1_440);
          expect(until).toBeGreaterThan(0);
          expect(from).not.toBe(until);
        } catch (error) {
          expect(isAppError(error) && error.fields?.['blackouts']).toHaveLength(1);
        }
      }),
    );
  });
});

const clock = fc.integer({ min: 0, max: 1_439 });
const clockTime = (minutes: number): string =>
  `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;

describe('an instant', () => {
  it.each<[string, string, string, boolean]>([
    // 2026-03-02 is a Monday.
    ['MON-FRI 08:00-18:00', 'UTC', '2026-03-02T07:59:59.999Z', false],
    ['MON-FRI 08:00-18:00', 'UTC', '2026-03-02T08:00:00Z', true],
    ['MON-FRI 08:00-18:00', 'UTC', '2026-03-02T17:59:59.999Z', true],
    ['MON-FRI 08:00-18:00', 'UTC', '2026-03-02T18:00:00Z', false],
    ['MON-FRI 08:00-18:00', 'UTC', '2026-03-07T12:00:00Z', false],
    ['FRI 22:00-02:00', 'UTC', '2026-03-06T23:00:00Z', true],
    ['FRI 22:00-02:00', 'UTC', '2026-03-07T01:59:00Z', true],
    ['FRI 22:00-02:00', 'UTC', '2026-03-07T22:30:00Z', false],
    ['FRI 22:00-02:00', 'UTC', '2026-03-06T01:00:00Z', false],
    ['SUN 22:00-02:00', 'UTC', '2026-03-02T01:00:00Z', true],
    ['MON-FRI 08:00-18:00', 'America/New_York', '2026-03-02T12:59:00Z', false],
    ['MON-FRI 08:00-18:00', 'America/New_York', '2026-03-02T13:00:00Z', true],
    // Clocks go from 02:00 to 03:00 on 2026-03-29, and from 03:00 back to 02:00 on 2026-10-25.
    ['03:00-04:00', 'Europe/Berlin', '2026-03-29T01:00:00Z', true],
    ['02:00-03:00', 'Europe/Berlin', '2026-03-29T01:00:00Z', false],
    ['02:00-03:00', 'Europe/Berlin', '2026-10-25T00:30:00Z', true],
    ['02:00-03:00', 'Europe/Berlin', '2026-10-25T01:30:00Z', true],
  ])('is compared with the window %s by the clocks of %s: %s', (text, timezone, instant, expected) => {
    expect(findBlackout([parseBlackout(text)], timezone, Date.parse(instant)) !== undefined).toBe(expected);
  });

  it('lies in a window exactly when the weekly calendar says so', () => {
    const window = fc.record({ day: fc.integer({ min: 0, max: 6 }), from: clock, until: clock });
    const cases = fc.record({ window, minute: fc.integer({ min: -20_000, max: 40_000_000 }) });
    fc.assert(
      fc.property(cases, ({ window: { day, from, until }, minute }) => {
        fc.pre(from !== until);
        const blackout = parseBlackout(`${DAYS[day]} ${clockTime(from)}-${clockTime(until)}`);
        // Minutes since the last Monday, 00:00 UTC, that was not after this minute; 1969-12-29 was a Monday.
        const week = 7 * 1_440;
        const inWeek = (((minute + 3 * 1_440) % week) + week) % week;
        const begin = day * 1_440 + from;
        const length = (until > from ? until : until + 1_440) - from;
        const since = (inWeek - begin + week) % week;
        expect(findBlackout([blackout], 'UTC', minute * 60_000) !== undefined).toBe(since < length);
      }),
    );
  });
});

describe('the next occurrence outside blackout windows', () => {
  const next = (crontab: string, blackouts: readonly string[], after: string): string | undefined => {
    const times = { crontab: parseCrontab(crontab), timezone: 'UTC', blackouts: blackouts.map(parseBlackout) };
    const at = nextOpenOccurrence(times, Date.parse(after));
    return at === null ? undefined : new Date(at).toISOString().slice(0, 16);
  };

  it.each<[string, string[], string | undefined]>([
    ['0 * * * *', [], '2026-03-02T08:00'],
    ['0 * * * *', ['MON-FRI 08:00-18:00'], '2026-03-02T18:00'],
    ['* * * * *', ['MON-SAT 00:00-24:00', 'SUN 00:00-23:30'], '2026-03-08T23:30'],
    ['0 12 * * *', ['MON-SUN 00:00-24:00'], undefined],
    ['0 0 1 1 * 2020', [], undefined],
  ])('is found for %s without %s', (crontab, blackouts, expected) => {
    expect(next(crontab, blackouts, '2026-03-02T07:30:00Z')).toBe(expected);
  });

  it('is found missing within half a second when all times are blacked out', () => {
    const begun = performance.now();
    expect(next('* * * * *', ['00:00-24:00'], '2026-03-02T07:30:00Z')).toBeUndefined();
    expect(performance.now() - begun).toBeLessThan(500);
  });
});
