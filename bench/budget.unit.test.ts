import { expect, test } from 'vitest';
import { breaches } from './budget.ts';

test('names each figure that is worse than its limit', () => {
  const limits = { eventsPerSecond: { min: 5000 }, p99Millis: { max: 20 } };
  expect(breaches({ eventsPerSecond: 5000, p99Millis: 20 }, limits)).toEqual([]);
  expect(breaches({ eventsPerSecond: 4999, p99Millis: 21 }, limits)).toEqual([
    'eventsPerSecond is 4999, below its minimum of 5000',
    'p99Millis is 21, above its maximum of 20',
  ]);
});

test('names a limit whose figure is missing or no number', () => {
  expect(breaches({}, { p99Millis: { max: 20 } })).toHaveLength(1);
  expect(breaches({ p99Millis: NaN }, { p99Millis: { max: 20 } })).toHaveLength(1);
});

test('names no figure that has no limit', () => {
  expect(breaches({ anything: 1 }, {})).toEqual([]);
});
