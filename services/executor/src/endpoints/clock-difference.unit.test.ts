import { expect, it } from 'vitest';
import { clockDifference } from './clock-difference.ts';

const NOON = Date.UTC(2026, 0, 1, 12);
const asked = { from: NOON, to: NOON + 5_000 };
const said = (secondsAfterNoon: number): string => String(NOON / 1000 + secondsAfterNoon);

it.each([
  ['answers in between', said(2), 0],
  ['has begun the same second', said(-1), 0],
  ['is ahead', said(5 + 3_600), 3_600],
  ['is behind', said(-3_601), -3_600],
  ['says nothing', undefined, 0],
  ['says something else', 'noon', 0],
  ['has the largest clock that counts', '999999999999', 999_999_999_999 - NOON / 1000 - 5],
])('the clock of a host that %s', (_name, epoch, expected) => {
  expect(clockDifference(epoch, asked)).toBe(expected);
});
