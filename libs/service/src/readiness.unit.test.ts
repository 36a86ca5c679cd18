import { createLogger } from '@cyborgbackup/kernel';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { watchReadiness } from './readiness.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('says in the log what a process lacks, once, though nobody asks, and asks no more often than once in a second', async () => {
  const logger = createLogger('test', 'silent');
  const [error, info] = [vi.spyOn(logger, 'error'), vi.spyOn(logger, 'info')];
  let detail: string | undefined = 'No process leads.';
  const ask = vi.fn(() =>
    Promise.resolve([{ name: 'leader', ready: detail === undefined, ...(detail ? { detail } : {}) }]),
  );
  const readiness = watchReadiness(ask, logger);
  await vi.advanceTimersByTimeAsync(30_000);
  expect(error.mock.calls).toEqual([[{ reasons: 'leader: No process leads.' }, 'not ready']]);
  detail = undefined;
  await vi.advanceTimersByTimeAsync(10_000);
  expect(info.mock.calls).toEqual([['ready']]);
  await Promise.all([readiness.checks(), readiness.checks()]);
  expect(ask).toHaveBeenCalledTimes(4);
  readiness.stop();
});
