import { installEventStore, migrate } from '@cyborgbackup/event-store';
import { installProjections } from '@cyborgbackup/projections';
import pg from 'pg';
import { idSequences } from './sql/0001-id-sequences.ts';

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
    await migrate(admin, 'ids', [idSequences]);
  } finally {
    await admin.end();
  }
};
