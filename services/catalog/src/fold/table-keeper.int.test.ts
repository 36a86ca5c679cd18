import { createLogger } from '@cyborgbackup/kernel';
import { ensureProjection } from '@cyborgbackup/projections';
import { startTestDeps, type TestDeps } from '@cyborgbackup/testkit';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { catalogProjection } from './catalog-projection.ts';
import { createTableKeeper } from '../tables/table-keeper.ts';
import { findTrigrams, withTrigrams } from '../tables/trigrams.ts';

let kit: TestDeps;
const logger = createLogger('test', 'silent');

beforeAll(async () => {
  kit = await startTestDeps();
  const schema = await findTrigrams(kit.deps.pool, logger);
  await ensureProjection(kit.deps.pool, withTrigrams(catalogProjection, schema ?? ''));
});

afterAll(() => kit?.[Symbol.asyncDispose]());

test('merges pending names into the name index once no more arrive', async () => {
  const { pool } = kit.deps;
  const cleaned = vi.spyOn(pool, 'query');
  const keeper = createTableKeeper(pool, catalogProjection.name, logger);
  for (const first of [1, 1_001]) {
    await pool.query(
      `insert into catalog.entry_names (id, name) select n, 'name ' || n from generate_series($1::int4, $1 + 999) n`,
      [first],
    );
    keeper.poke();
  }
  cleaned.mockClear();
  await vi.waitFor(() => expect(cleaned).toHaveBeenCalled(), { timeout: 10_000 });
  await keeper.stop();
  const pages = async (): Promise<number> =>
    Number((await pool.query("select projections.merge_pending('catalog', 'entry_names') as pages")).rows[0]?.pages);
  expect((await cleaned.mock.results[0]?.value).rows).toEqual([{ merge_pending: expect.stringMatching(/^[1-9]/) }]);
  expect(await pages()).toBe(0);
  keeper.poke();
});

test('refreshes the statistics so that the planner knows a new series', async () => {
  const { pool } = kit.deps;
  const keeper = createTableKeeper(pool, catalogProjection.name, logger);
  const insert = (series: number): Promise<unknown> =>
    pool.query(
      `insert into catalog.entries (series_id, number, folder_id, name_id, attributes_id, first_archive, last_archive, size, mtime, fingerprint)
       select $1, n, n / 10, n, 1, 1, 2147483647, 0, now(), gen_random_uuid() from generate_series(1, 5000) n`,
      [series],
    );
  /** Whether the planner knows of the series. */
  const isKnown = async (series: number): Promise<boolean | undefined> => {
    const { rows } = await pool.query<{ known: boolean }>(
      `select $1 = any (most_common_vals::text::int4[]) as known from pg_stats
        where schemaname = 'catalog' and tablename = 'entries' and attname = 'series_id'`,
      [series],
    );
    return rows[0]?.known;
  };
  await insert(1);
  await pool.query("select projections.analyze_table('catalog', 'entries')");
  await insert(2);
  expect(await isKnown(2)).toBe(false);
  keeper.poke();
  await vi.waitFor(async () => expect(await isKnown(2)).toBe(true), { timeout: 20_000, interval: 200 });
  await keeper.stop();
});
