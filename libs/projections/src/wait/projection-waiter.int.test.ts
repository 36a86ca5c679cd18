import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createHarness, type Harness } from '../testing/harness.ts';
import { notifyCheckpoint } from '../lease/checkpoint.ts';
import { createProjectionWaiter } from './projection-waiter.ts';

let harness: Harness;
const store = { head: () => Promise.resolve(7n) };

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
  const waiter = createProjectionWaiter({ pool: harness.pool, store });
  await move('one', 10);
  await move('two', 5);
  expect(await waiter.tryWaitForProjections(['one', 'two'], 5n, 5_000)).toBe(true);
  expect(await waiter.tryWaitForProjections(['one', 'two'], 6n, 30)).toBe(false);
  expect(await waiter.tryWaitForProjections(['none'], 1n, 30)).toBe(false);
  const both = waiter.tryWaitForProjections(['one', 'two'], 6n, 5_000);
  await move('two', 6);
  expect(await both).toBe(true);
});

test('many waiters share one query, and without any no query is made', async () => {
  const { pool, queries } = counting();
  const waiter = createProjectionWaiter({ pool, store, pollMillis: 20 });
  const waits = Array.from({ length: 500 }, () => waiter.tryWaitForProjections(['one'], 100n, 2_000));
  await sleep(110);
  await move('one', 100);
  expect(await Promise.all(waits)).toEqual(waits.map(() => true));
  expect(queries()).toBeLessThan(12);
  const before = queries();
  await sleep(100);
  expect(queries()).toBe(before);
  expect(await waiter.tryWaitForProjections(['one'], 100n, 5_000)).toBe(true);
});

test('a checkpoint of this process wakes the waiters it concerns, well before the next poll', async () => {
  const { pool, queries } = counting();
  const waiter = createProjectionWaiter({ pool, store, pollMillis: 5_000 });
  const wait = waiter.tryWaitForProjections(['two'], 200n, 5_000);
  await sleep(20);
  expect(queries()).toBe(1);
  notifyCheckpoint('two', 199n);
  notifyCheckpoint('one', 500n);
  await sleep(20);
  expect(queries()).toBe(1);
  // it is a hint, not an answer: here the table does not agree yet
  notifyCheckpoint('two', 200n);
  await expect.poll(queries).toBe(2);
  await move('two', 200);
  notifyCheckpoint('two', 200n);
  const started = performance.now();
  expect(await wait).toBe(true);
  expect(performance.now() - started).toBeLessThan(100);
});

test('answers false in time when the database is away', async () => {
  const pool = Object.create(harness.pool, {
    query: { value: () => Promise.reject(new Error('no connection')) },
  }) as pg.Pool;
  expect(await createProjectionWaiter({ pool, store }).tryWaitForProjections(['one'], 1n, 40)).toBe(false);
});

test('the end of the log is the target when none is given, and what does not reach it is unavailable', async () => {
  const waiter = createProjectionWaiter({ pool: harness.pool, store });
  await harness.admin.query("INSERT INTO projections.checkpoints (name, version, position) VALUES ('three', 1, 7)");
  await waiter.waitForProjections(['three'], 'head', 5_000);
  await move('three', 6);
  await expect(waiter.waitForProjections(['three'], 'head', 30)).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('(three)'),
  });
});
