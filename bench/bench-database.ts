import { openPool } from '@cyborgbackup/database';
import { startPostgres } from '@cyborgbackup/embedded';
import { installEventStore } from '@cyborgbackup/event-store';
import { createLogger, type Logger } from '@cyborgbackup/kernel';
import { installProjections } from '@cyborgbackup/projections';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';

/** A PostgreSQL of the bench's own, with the log and what projections need. */
export interface BenchDatabase {
  readonly logger: Logger;
  /** As the owner of the database. */
  readonly admin: pg.Pool;
  /** Further connections; they are closed at the end. */
  open(options: string): pg.Pool;
}

export const withBenchDatabase = async <T>(work: (database: BenchDatabase) => Promise<T>): Promise<T> => {
  const logger = createLogger('bench', 'warn');
  const dataDir = await mkdtemp(join(tmpdir(), 'cyborgbackup-bench-'));
  const server = await startPostgres({ dataDir, logger });
  const pools: pg.Pool[] = [];
  const open = (options = ''): pg.Pool => {
    const pool = openPool({ connectionString: server.url, options }, logger);
    pools.push(pool);
    return pool;
  };
  try {
    const admin = open();
    const client = await admin.connect();
    await installEventStore(client, [
      { service: 'executor', streams: ['bench-<any>'], userStreams: [], types: ['%'], subjects: [] },
    ]);
    await installProjections(client);
    client.release();
    return await work({ logger, admin, open });
  } finally {
    for (const pool of pools) await pool.end();
    await server.stop();
    await rm(dataDir, { recursive: true });
  }
};
