import { createTestDatabase, type TestDatabase } from '@cyborgbackup/testkit';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createExclusive, type Exclusive } from './exclusive.ts';

let database: TestDatabase;
/** As of two processes. */
let pools: readonly pg.Pool[];

const exclusiveOf = (pool: pg.Pool, oneAtATime = false): Exclusive =>
  createExclusive({ pool, lock: 'inventory', busyMessage: 'Others are at it.', oneAtATime });

beforeAll(async () => {
  database = await createTestDatabase();
  pools = [1, 2].map(() => new pg.Pool({ connectionString: database.url, max: 2 }));
});

afterAll(async () => {
  await Promise.all((pools ?? []).map((pool) => pool.end()));
  await database?.[Symbol.asyncDispose]();
});

test('a section is entered by one caller at a time, over processes, with a connection left for the work', async () => {
  const exclusives = pools.map((pool) => exclusiveOf(pool));
  let inside = 0;
  const work = async (pool: pg.Pool): Promise<number> => {
    inside += 1;
    expect(inside).toBe(1);
    await pool.query('select pg_sleep(0.002)');
    inside -= 1;
    return 1;
  };
  const all = Array.from({ length: 40 }, (_, i) => exclusives[i % 2]!('section', () => work(pools[i % 2]!)));
  expect(await Promise.all(all)).toHaveLength(40);
});

test('different sections do not wait for each other', async () => {
  const exclusive = exclusiveOf(pools[0]!);
  const gate = Promise.withResolvers<void>();
  const first = exclusive('a', () => gate.promise);
  expect(await exclusive('b', () => Promise.resolve('through'))).toBe('through');
  gate.resolve();
  await first;
});

test('an error of the work is the caller’s, and the section is free again', async () => {
  const exclusive = exclusiveOf(pools[0]!);
  await expect(exclusive('section', () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  expect(await exclusiveOf(pools[1]!)('section', () => Promise.resolve(1))).toBe(1);
});

test('a section that stays taken is refused after three seconds, in this process and in another', async () => {
  const gate = Promise.withResolvers<void>();
  const entered = Promise.withResolvers<void>();
  const [here, there] = [exclusiveOf(pools[0]!), exclusiveOf(pools[1]!)];
  const holder = here('section', () => {
    entered.resolve();
    return gate.promise;
  });
  await entered.promise;
  const started = performance.now();
  const behind = [there, here, here].map((exclusive) => exclusive('section', () => Promise.resolve()));
  for (const result of await Promise.allSettled(behind)) {
    expect(result).toMatchObject({ status: 'rejected', reason: { code: 'unavailable' } });
  }
  expect(performance.now() - started).toBeLessThan(8_000);
  const next = here('section', () => Promise.resolve('in'));
  gate.resolve();
  await holder;
  expect(await next).toBe('in');
  expect(await there('section', () => Promise.resolve('in'))).toBe('in');
});

test('with one at a time, even different sections of a process wait for each other, for as long as it takes', async () => {
  const exclusive = exclusiveOf(pools[0]!, true);
  const gate = Promise.withResolvers<void>();
  const first = exclusive('a', () => gate.promise);
  let isSecondIn = false;
  const second = exclusive('b', async () => void (isSecondIn = true));
  expect(await exclusiveOf(pools[1]!, true)('b', () => Promise.resolve('through'))).toBe('through');
  expect(isSecondIn).toBe(false);
  gate.resolve();
  await Promise.all([first, second]);
  expect(isSecondIn).toBe(true);
});
