import { createLogger } from '@cyborgbackup/kernel';
import { ensureProjection } from '@cyborgbackup/projections';
import { startTestDeps, type TestDeps } from '@cyborgbackup/testkit';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { catalogProjection } from './catalog-projection.ts';
import { ensureNameIndex, findTrigrams, withTrigrams } from '../tables/trigrams.ts';

let kit: TestDeps;
const logger = createLogger('test', 'silent');

const indexes = async (): Promise<number> => {
  const { rowCount } = await kit.deps.pool.query(
    `select from pg_indexes where schemaname = 'catalog' and indexdef like '%gin_trgm_ops%'`,
  );
  return rowCount ?? 0;
};

beforeAll(async () => {
  kit = await startTestDeps();
});

afterAll(() => kit?.[Symbol.asyncDispose]());

test('creates the index of names once, also for tables that were made without it', async () => {
  const { pool } = kit.deps;
  await ensureProjection(pool, catalogProjection);
  expect(await indexes()).toBe(0);
  const schema = (await findTrigrams(pool, logger)) ?? '';
  expect(schema).toBe('public');
  await Promise.all([1, 2].map(() => ensureNameIndex(pool, catalogProjection)));
  expect(await indexes()).toBe(1);
  expect(
    withTrigrams(catalogProjection, schema).models.find(({ table }) => table === 'entry_names')?.indexes,
  ).toHaveLength(1);
});

test('warns and works without the extension where there is none', async () => {
  const admin = new pg.Pool({ connectionString: kit.adminUrl });
  const warnings: unknown[] = [];
  try {
    await admin.query('drop extension pg_trgm cascade');
    const warn = (text: string): void => void warnings.push(text);
    expect(await findTrigrams(kit.deps.pool, { ...logger, warn } as typeof logger)).toBeUndefined();
    expect(warnings).toEqual([expect.stringMatching(/CREATE EXTENSION pg_trgm/)]);
  } finally {
    await admin.end();
  }
});
