import { createLogger } from '@cyborgbackup/kernel';
import { expect, test } from 'vitest';
import type { Call } from '../backend/calls.ts';
import { createFailedLogIns } from './failed-log-ins.ts';

const ADA = '5f0c8a52-0000-4000-8000-000000000001';

const setUp = () => {
  let now = 0;
  let isDown = false;
  const recorded: (readonly [user: unknown, failures: unknown])[] = [];
  const call = (async (_rpc: unknown, { user, failures }: Record<string, unknown>) => {
    if (isDown) throw new Error('down');
    recorded.push([user, failures]);
    return { position: '1' };
  }) as unknown as Call;
  const log = createFailedLogIns({ call, clock: { now: () => now }, logger: createLogger('test', 'silent') });
  return {
    log,
    recorded,
    fail: (times: number, user?: string) => {
      for (let i = 0; i < times; i += 1) log.record(user);
    },
    pass: (minutes: number) => void (now += minutes * 60_000),
    setDown: (down: boolean) => void (isDown = down),
  };
};

test('ten failures of an account in an hour are recorded one by one, the others as a count', async () => {
  const { log, recorded, fail, pass } = setUp();
  fail(1_000, ADA);
  fail(3);
  expect(recorded).toEqual([...Array<unknown>(10).fill([ADA, 1]), [null, 1], [null, 1], [null, 1]]);
  recorded.length = 0;
  pass(30);
  await log.flush();
  expect(recorded).toEqual([]);
  pass(30);
  await log.flush();
  expect(recorded).toEqual([[ADA, 990]]);
});

test('the next hour begins with the count of the one before', () => {
  const { recorded, fail, pass } = setUp();
  fail(12, ADA);
  pass(61);
  fail(1, ADA);
  expect(recorded.slice(10)).toEqual([
    [ADA, 2],
    [ADA, 1],
  ]);
});

test('what could not be recorded is counted, and recorded later, at the latest when the process stops', async () => {
  const { log, recorded, fail, setDown } = setUp();
  setDown(true);
  fail(3, ADA);
  await new Promise(setImmediate);
  setDown(false);
  await log.flush({ isStopping: true });
  expect(recorded).toEqual([[ADA, 3]]);
});

test('accounts that do not exist are one', () => {
  const { recorded, fail } = setUp();
  fail(50);
  expect(recorded).toEqual(Array<unknown>(10).fill([null, 1]));
});
