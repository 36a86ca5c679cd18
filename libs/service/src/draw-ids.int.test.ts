import { createLogger } from '@cyborgbackup/kernel';
import { startTestDeps, type TestDeps } from '@cyborgbackup/testkit';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { drawId, drawIdBlock, drawIds } from './draw-ids.ts';
import { createServiceDeps } from './service-deps.ts';

let context: TestDeps;

beforeAll(async () => {
  context = await startTestDeps();
});

afterAll(async () => {
  await context[Symbol.asyncDispose]();
});

const configOf = (databaseUrl: string) =>
  ({
    DATABASE_URL: databaseUrl,
    CYBORGBACKUP_DATABASE_ADMIN_URL: context.adminUrl,
    NATS_URL: context.nats.url,
    CYBORGBACKUP_MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
    CYBORGBACKUP_DATA_DIR: '/nonexistent',
    CYBORGBACKUP_LOG_LEVEL: 'silent',
  }) as const;

test('single ids and several at once never repeat and ascend', async () => {
  const { pool } = context.deps;
  const first = await drawId(pool, 'client');
  const more = await drawIds(pool, 'client', 3);
  expect([first, ...more]).toEqual([...new Set([first, ...more])].sort((a, b) => a - b));
  expect(more).toHaveLength(3);
});

test('blocks drawn at the same moment do not overlap', async () => {
  const { pool } = context.deps;
  const sizes = Array.from({ length: 40 }, (_, index) => 1 + (index % 7));
  const firsts = await Promise.all(sizes.map((size) => drawIdBlock(pool, 'catalog_entry', size)));
  const ids = firsts.flatMap((first, index) =>
    Array.from({ length: sizes[index] ?? 0 }, (_, offset) => first + offset),
  );
  expect(new Set(ids).size).toBe(ids.length);
});

test('another master key than before is refused', async () => {
  await context.deps.keys.seal('settings', 'secret');
  await expect(context.connect('stranger', { masterKey: Buffer.alloc(32, 7).toString('base64') })).rejects.toThrow(
    /master key does not open/,
  );
});

test('a master key that is missing is asked for, and none is made in its place', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'cyborgbackup-key-'));
  const config = {
    ...configOf(context.databaseUrl),
    CYBORGBACKUP_MASTER_KEY: undefined,
    CYBORGBACKUP_DATA_DIR: folder,
  };
  await expect(createServiceDeps('inventory', config, createLogger('keyless', 'silent'))).rejects.toThrow(
    /master\.key is missing.*put it back/,
  );
  expect(await readdir(folder)).toEqual([]);
  await rm(folder, { recursive: true });
});

test('trouble with the database is not taken for another master key', async () => {
  const elsewhere = new URL(context.adminUrl);
  elsewhere.pathname = '/no_such_database';
  const config = configOf(elsewhere.href);
  await expect(createServiceDeps('inventory', config, createLogger('astray', 'silent'))).rejects.toThrow(
    /database "no_such_database" does not exist/,
  );
});
