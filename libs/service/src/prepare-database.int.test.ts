import { asService } from '@cyborgbackup/database';
import { createTestDatabase } from '@cyborgbackup/testkit';
import pg from 'pg';
import { expect, it } from 'vitest';
import { assertPrepared, prepareDatabase } from './prepare-database.ts';

it('may be run by all services at once, and again by each that starts', async () => {
  await using database = await createTestDatabase();
  for (let round = 0; round < 5; round += 1) {
    await Promise.all(Array.from({ length: 8 }, () => prepareDatabase(database.adminUrl)));
  }
  const admin = new pg.Client({ connectionString: database.adminUrl });
  await admin.connect();
  const { rows } = await admin.query(`
    select has_table_privilege('cyborgbackup_catalog', 'projections.checkpoints', 'insert') as service,
           has_table_privilege('cyborgbackup_reader', 'projections.checkpoints', 'select') as reader,
           has_table_privilege('cyborgbackup_reader', 'projections.checkpoints', 'update') as reader_writes`);
  await admin.end();
  expect(rows).toEqual([{ service: true, reader: true, reader_writes: false }]);
});

it('is found missing by a service, which says what to run', async () => {
  await using database = await createTestDatabase();
  const pool = new pg.Pool({ connectionString: database.url, options: asService('catalog'), max: 1 });
  await expect(assertPrepared(pool)).rejects.toThrow(/run the role prepare first/);
  await prepareDatabase(database.adminUrl);
  await expect(assertPrepared(pool)).resolves.toBeUndefined();
  await pool.end();
});
