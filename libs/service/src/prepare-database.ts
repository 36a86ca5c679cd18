import { loadMigrations, migrate } from '@cyborgbackup/database';
import { installEventStore } from '@cyborgbackup/event-store';
import { installProjections } from '@cyborgbackup/projections';
import { AppError } from '@cyborgbackup/kernel';
import pg from 'pg';
import { LOG_ACCESS } from './log-access.ts';

/**
 * Brings the database to this version: the event store, the keys, the projections' bookkeeping and the id sequences, and what each
 * service may do with them.
 * Any number of processes may do so at the same time.
 * @param adminUrl a login that owns the database
 */
export const prepareDatabase = async (adminUrl: string): Promise<void> => {
  const admin = new pg.Client({ connectionString: adminUrl });
  await admin.connect();
  try {
    await installEventStore(admin, LOG_ACCESS);
    await installProjections(admin);
    await migrate(admin, 'ids', loadMigrations(new URL('./sql/', import.meta.url)));
  } finally {
    await admin.end();
  }
};

/**
 * For a service that may not prepare the database itself.
 * @throws AppError `unavailable` when nobody has
 */
export const assertPrepared = async (pool: pg.Pool): Promise<void> => {
  const { rows } = await pool.query("select 1 where to_regclass('ids.migrations') is not null");
  if (rows.length > 0) return;
  throw new AppError(
    'unavailable',
    'The database has not been prepared: run the role prepare first, "node services/prepare", which the services wait for.',
  );
};
