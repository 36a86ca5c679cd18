import { loadMigrations, migrate } from '@cyborgbackup/database';
import { installEventStore } from '@cyborgbackup/event-store';
import { installProjections } from '@cyborgbackup/projections';
import pg from 'pg';

/**
 * Brings the database to this version: the event store, the keys, the projections' bookkeeping and the id sequences.
 * Any number of processes may do so at the same time.
 * @param adminUrl a login that owns the database
 */
export const prepareDatabase = async (adminUrl: string): Promise<void> => {
  const admin = new pg.Client({ connectionString: adminUrl });
  await admin.connect();
  try {
    await installEventStore(admin);
    await installProjections(admin);
    await migrate(admin, 'ids', loadMigrations(new URL('./sql/', import.meta.url)));
  } finally {
    await admin.end();
  }
};
