import { expect, it } from 'vitest';
import { clockTrouble } from './clocks.ts';

const NOON = Date.parse('2026-03-01T12:00:00Z');
const DAY = 86_400_000;

it.each([
  ['as PostgreSQL', 0, undefined],
  ['a little ahead', 4_000, undefined],
  ['a little behind', -4_000, undefined],
  ['a day ahead', DAY, 'The clock of this process is 86400 s ahead of that of PostgreSQL'],
  ['a minute behind', -60_000, 'The clock of this process is 60 s behind that of PostgreSQL'],
])('a clock that is %s', async (_name, difference, expected) => {
  const trouble = await clockTrouble({ own: { now: () => NOON + difference }, shared: () => Promise.resolve(NOON) });
  expect(trouble?.split(':')[0]).toBe(expected);
});

it('a slow answer is not a difference of clocks', async () => {
  let now = NOON;
  const shared = (): Promise<number> => Promise.resolve((now += 30_000) - 15_000);
  expect(await clockTrouble({ own: { now: () => now }, shared })).toBeUndefined();
});
