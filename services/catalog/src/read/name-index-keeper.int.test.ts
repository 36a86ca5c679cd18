import { createLogger } from '@cyborgbackup/kernel';
import { ensureProjection } from '@cyborgbackup/projections';
import { startTestParts, type TestParts } from '@cyborgbackup/testkit';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { catalogProjection } from './catalog-projection.ts';
import { createNameIndexKeeper } from './name-index-keeper.ts';
import { ensureTrigrams, withTrigrams } from './trigrams.ts';

let kit: TestParts;
const logger = createLogger('test', 'silent');

beforeAll(async () => {
  kit = await startTestParts();
  const schema = await ensureTrigrams(kit.parts.pool, logger);
  await ensureProjection(kit.parts.pool, withTrigrams(catalogProjection, schema ?? ''));
});

afterAll(() => kit[Symbol.asyncDispose]());

test('names that came are put in their places when nothing more comes', async () => {
  const { pool } = kit.parts;
  const cleaned = vi.spyOn(pool, 'query');
  const keeper = createNameIndexKeeper(pool, catalogProjection.name, logger);
  for (const first of [1, 1_001]) {
    await pool.query(
      `insert into catalog.names (id, name) select n, 'name ' || n from generate_series($1::int4, $1 + 999) n`,
      [first],
    );
    keeper.poke();
  }
  cleaned.mockClear();
  await vi.waitFor(() => expect(cleaned).toHaveBeenCalledOnce(), { timeout: 10_000 });
  await keeper.stop();
  const pages = async (): Promise<number> =>
    Number((await pool.query("select gin_clean_pending_list('catalog.names_expr_idx') as pages")).rows[0]?.pages);
  expect((await cleaned.mock.results[0]?.value).rows).toEqual([
    { gin_clean_pending_list: expect.stringMatching(/^[1-9]/) },
  ]);
  expect(await pages()).toBe(0);
  keeper.poke();
});
