import { CronExpressionParser } from 'cron-parser';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseCrontab } from './crontab.ts';
import { nextOccurrence } from './occurrences.ts';

/*
 * cron-parser is the reference where its dialect and ours mean the same: five fields, day of month or day of week left open
 * (with both given it takes either, we take both), and a zone whose clocks never change.
 */

/** cron-parser refuses a value that is named twice, so a list here has distinct plain values. */
const values = (min: number, max: number): fc.Arbitrary<string> => {
  const value = fc.integer({ min, max });
  const range = fc.tuple(value, value).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`);
  const step = fc.integer({ min: 1, max: max - min });
  const list = fc.uniqueArray(value, { minLength: 1, maxLength: 4 }).map((items) => items.join(','));
  const stepped = fc.tuple(fc.oneof(fc.constant('*'), range), step).map(([what, by]) => `${what}/${by}`);
  return fc.oneof(fc.constant('*'), list, range, stepped);
};

/** Ours count weekdays from Monday, cron-parser from Sunday: the days of `*` and a step are not the same. */
const weekdays = values(1, 7).filter((text) => !text.startsWith('*/'));

const days = fc.oneof(
  values(1, 28).map((dayOfMonth) => [dayOfMonth, '*'] as const),
  weekdays.map((dayOfWeek) => ['*', dayOfWeek] as const),
);

const crontab = fc
  .tuple(values(0, 59), values(0, 23), days, values(1, 12))
  .map(([minute, hour, [dayOfMonth, dayOfWeek], month]) => `${minute} ${hour} ${dayOfMonth} ${month} ${dayOfWeek}`);

const instant = fc.integer({ min: Date.UTC(2001, 0, 1), max: Date.UTC(2060, 0, 1) });

test('finds the same next occurrences as cron-parser', () => {
  fc.assert(
    fc.property(crontab, instant, (text, from) => {
      const reference = CronExpressionParser.parse(text, { tz: 'UTC', currentDate: new Date(from) });
      const ours = parseCrontab(text);
      let at: number | null = from;
      for (let count = 0; count < 5; count += 1) {
        at = nextOccurrence(ours, 'UTC', at ?? NaN);
        expect(at).toBe(reference.next().getTime());
      }
    }),
    { numRuns: 300 },
  );
});
