import { createLogger } from '@cyborgbackup/kernel';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { expect, test } from 'vitest';
import { startPostgres } from './index.ts';

/** Quoted in README.md. */
const askPostgres = async (dataDir: string): Promise<unknown> => {
  const server = await startPostgres({ dataDir, logger: createLogger('example', 'silent') });
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  const { rows } = await client.query<{ answer: number }>('select 42 as answer');
  await client.end();
  await server.stop();
  return rows[0]?.answer;
};

test('the example of the README starts a PostgreSQL, asks it and stops it', async () => {
  const top = await mkdtemp(join(tmpdir(), 'cyborgbackup-example-'));
  expect(await askPostgres(join(top, 'postgres'))).toBe(42);
  await rm(top, { recursive: true });
});
