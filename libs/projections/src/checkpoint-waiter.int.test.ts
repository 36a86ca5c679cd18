import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createHarness, type Harness } from '../fixtures/harness.ts';
import { announceCheckpoint } from './checkpoint-news.ts';
import { createCheckpointWaiter } from './checkpoint-waiter.ts';
import { checkpointReached } from './checkpoint.ts';

let harness: Harness;

beforeAll(async () => {
  harness = await createHarness();
  await harness.admin.query(`INSERT INTO projections.checkpoints (name, version) VALUES ('one', 1), ('two', 1)`);
});

afterAll(() => harness[Symbol.asyncDispose]());

const move = (name: string, position: number): Promise<unknown> =>
  harness.admin.query('UPDATE projections.checkpoints SET position = $2 WHERE name = $1', [name, position]);

/** Counts the queries that a pool is asked. */
const counting = (): { pool: pg.Pool; queries: () => number } => {
  let queries = 0;
  const pool = Object.create(harness.pool, {
    query: {
      value: (...args: Parameters<pg.Pool['query']>) => {
        queries += 1;
        return harness.pool.query(...args);
      },
    },
  }) as pg.Pool;
  return { pool, queries: () => queries };
};

test('answers true once every projection has passed the position, and false when the time is over', async () => {
  const waiter = createCheckpointWaiter({ pool: harness.pool });
  await move('one', 10);
  await move('two', 5);
  expect(await waiter.waitFor(['one', 'two'], 5n)).toBe(true);
  expect(await waiter.waitFor(['one', 'two'], 6n, { timeoutMillis: 30 })).toBe(false);
  expect(await waiter.waitFor(['none'], 1n, { timeoutMillis: 30 })).toBe(false);
  const both = waiter.waitFor(['one', 'two'], 6n);
  await move('two', 6);
  expect(await both).toBe(true);
  expect(await checkpointReached(harness.pool, 'two', 6n)).toBe(true);
  expect(await checkpointReached(harness.pool, 'two', 7n)).toBe(false);
});

test('many waiters share one query, and nobody asks when nobody waits', async () => {
  const { pool, queries } = counting();
  const waiter = createCheckpointWaiter({ pool, pollMillis: 20 });
  const waits = Array.from({ length: 500 }, () => waiter.waitFor(['one'], 100n, { timeoutMillis: 2_000 }));
  await sleep(110);
  await move('one', 100);
  expect(await Promise.all(waits)).toEqual(waits.map(() => true));
  expect(queries()).toBeLessThan(12);
  const before = queries();
  await sleep(100);
  expect(queries()).toBe(before);
  expect(await waiter.waitFor(['one'], 100n)).toBe(true);
});

test('news of this process wakes the waiters it concerns, well before the next poll', async () => {
  const { pool, queries } = counting();
  const waiter = createCheckpointWaiter({ pool, pollMillis: 5_000 });
  const wait = waiter.waitFor(['two'], 200n);
  await sleep(20);
  expect(queries()).toBe(1);
  announceCheckpoint('two', 199n);
  announceCheckpoint('one', 500n);
  await sleep(20);
  expect(queries()).toBe(1);
  // it is a hint, not an answer: here the table does not agree yet
  announceCheckpoint('two', 200n);
  await expect.poll(queries).toBe(2);
  await move('two', 200);
  announceCheckpoint('two', 200n);
  const started = performance.now();
  expect(await wait).toBe(true);
  expect(performance.now() - started).toBeLessThan(100);
});

test('a database that is away means no, in time', async () => {
  const pool = Object.create(harness.pool, {
    query: { value: () => Promise.reject(new Error('no connection')) },
  }) as pg.Pool;
  expect(await createCheckpointWaiter({ pool }).waitFor(['one'], 1n, { timeoutMillis: 40 })).toBe(false);
});
