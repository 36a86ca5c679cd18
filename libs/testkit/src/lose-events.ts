import { inTransaction, readSql } from '@cyborgbackup/database';
import pg from 'pg';

const LOSE_EVENTS = readSql(new URL('./lose-events.sql', import.meta.url));

/**
 * Takes the log back to a position, as a failover does to a copy that had not got the latest events; tables that were made from
 * them stay. What is appended afterwards takes the positions of what is lost.
 */
export const loseEvents = async (adminUrl: string, position: bigint): Promise<void> => {
  const admin = new pg.Client({ connectionString: adminUrl });
  await admin.connect();
  try {
    await inTransaction(admin, async () => {
      await admin.query("select set_config('test.position', $1, true)", [String(position)]);
      await admin.query(LOSE_EVENTS);
    });
  } finally {
    await admin.end();
  }
};
