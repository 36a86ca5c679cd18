import { createTestDatabase, type TestDatabase } from '@cyborgbackup/testkit';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createExclusive } from './exclusive.ts';

let database: TestDatabase;
/** As of two processes. */
let pools: readonly pg.Pool[];

beforeAll(async () => {
  database = await createTestDatabase();
  pools = [1, 2].map(() => new pg.Pool({ connectionString: database.url, max: 2 }));
});

afterAll(async () => {
  await Promise.all((pools ?? []).map((pool) => pool.end()));
  await database?.[Symbol.asyncDispose]();
});

test('one at a time, over processes, with a connection left for the work', async () => {
  const exclusives = pools.map(createExclusive);
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

test('sections do not wait for each other', async () => {
  const exclusive = createExclusive(pools[0]!);
  const gate = Promise.withResolvers<void>();
  const first = exclusive('a', () => gate.promise);
  expect(await exclusive('b', () => Promise.resolve('through'))).toBe('through');
  gate.resolve();
  await first;
});

test('an error of the work is the caller’s, and the section is free again', async () => {
  const exclusive = createExclusive(pools[0]!);
  await expect(exclusive('section', () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  expect(await createExclusive(pools[1]!)('section', () => Promise.resolve(1))).toBe(1);
});

test('a section that stays taken is refused in time, here and in another process', async () => {
  const gate = Promise.withResolvers<void>();
  const entered = Promise.withResolvers<void>();
  const [here, there] = [createExclusive(pools[0]!), createExclusive(pools[1]!)];
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
