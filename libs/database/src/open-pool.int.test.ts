import { createLogger } from '@cyborgbackup/kernel';
import { createTestDatabase } from '@cyborgbackup/testkit';
import { expect, it } from 'vitest';
import { openPool } from './open-pool.ts';

it('outlives the loss of a connection that is checked out, between statements too', async () => {
  await using database = await createTestDatabase();
  const pool = openPool({ connectionString: database.adminUrl, max: 2 }, createLogger('test', 'silent'));
  const client = await pool.connect();
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  const lost = new Promise((resolve) => client.once('end', resolve));
  await pool.query('select pg_terminate_backend($1)', [rows[0]?.pid]);
  await lost;
  await expect(client.query('select 1')).rejects.toThrow();
  client.release(true);
  expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  await pool.end();
});
