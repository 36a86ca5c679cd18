import { createLogger, type Logger } from '@cyborgbackup/kernel';
import { createTestDatabase } from '@cyborgbackup/testkit';
import { expect, test } from 'vitest';
import { createExclusive, migrate, openPool } from './index.ts';

/** Quoted in README.md. */
const countOnce = async (connectionString: string, logger: Logger): Promise<number> => {
  const pool = openPool({ connectionString }, logger);
  const client = await pool.connect();
  await migrate(client, 'counters', [{ name: '0001-counter', sql: 'create table counters.counter (value integer)' }]);
  client.release();
  const exclusive = createExclusive({ pool, lock: 'launch', busyMessage: 'Others are counting: try again soon.' });
  const count = await exclusive('counter', async () => {
    const { rows } = await pool.query<{ count: number }>('select count(*)::int as count from counters.counter');
    await pool.query('insert into counters.counter values (1)');
    return rows[0]?.count ?? 0;
  });
  await pool.end();
  return count;
};

test('the example of the README migrates once, and counts in turn', async () => {
  await using database = await createTestDatabase();
  const logger = createLogger('example', 'silent');
  expect(await countOnce(database.adminUrl, logger)).toBe(0);
  const counts = await Promise.all([1, 2].map(() => countOnce(database.adminUrl, logger)));
  expect(counts.sort()).toEqual([1, 2]);
});
