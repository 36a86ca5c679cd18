import { expect, test } from 'vitest';
import { breaches } from './budget.ts';

test('a figure that is worse than its limit is named', () => {
  const limits = { eventsPerSecond: { min: 5000 }, p99Millis: { max: 20 } };
  expect(breaches({ eventsPerSecond: 5000, p99Millis: 20 }, limits)).toEqual([]);
  expect(breaches({ eventsPerSecond: 4999, p99Millis: 21 }, limits)).toEqual([
    'eventsPerSecond is 4999, below its minimum of 5000',
    'p99Millis is 21, above its maximum of 20',
  ]);
});

test('a figure that is missing or no number does not pass', () => {
  expect(breaches({}, { p99Millis: { max: 20 } })).toHaveLength(1);
  expect(breaches({ p99Millis: NaN }, { p99Millis: { max: 20 } })).toHaveLength(1);
});

test('without limits everything passes', () => {
  expect(breaches({ anything: 1 }, {})).toEqual([]);
});
