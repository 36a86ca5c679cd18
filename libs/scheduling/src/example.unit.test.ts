import { expect, test } from 'vitest';
import { nextOpenOccurrence, parseBlackout, parseCrontab } from './index.ts';

/** Quoted in README.md. */
const nextStart = (after: Date): Date | null => {
  const schedule = {
    crontab: parseCrontab('0 */2 * * MON-FRI'),
    timezone: 'Europe/Paris',
    blackouts: [parseBlackout('08:00-18:00')],
  };
  const due = nextOpenOccurrence(schedule, after.getTime());
  return due === null ? null : new Date(due);
};

test('the example of the README skips the blackout, by the clocks of Paris', () => {
  expect(nextStart(new Date('2026-01-05T06:30:00Z'))).toEqual(new Date('2026-01-05T17:00:00Z'));
});
