import { parseCrontab } from '@cyborgbackup/scheduling';
import { expect, test } from 'vitest';
import { openTimesOfMonth } from './calendar.ts';

const everyMinute = { crontab: parseCrontab('* * * * *'), timezone: 'Europe/Berlin', blackouts: [] };

test('a calendar of every minute lets others have their turn', async () => {
  let turns = 0;
  let isDone = false;
  const others = (): void => {
    turns += 1;
    if (!isDone) setImmediate(others);
  };
  setImmediate(others);
  const times = await openTimesOfMonth(everyMinute, '2026-10', new AbortController().signal);
  isDone = true;
  expect(times).toHaveLength(31 * 24 * 60 + 60);
  expect(turns).toBeGreaterThan(100);
});

test('a calendar ends when its caller leaves', async () => {
  const gone = new AbortController();
  const times = openTimesOfMonth(everyMinute, '2026-10', gone.signal);
  gone.abort();
  await expect(times).rejects.toMatchObject({ code: 'unavailable' });
});
