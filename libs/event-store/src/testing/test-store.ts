import { openPool } from '@cyborgbackup/database';
import { createLogger } from '@cyborgbackup/kernel';
import { createTestDatabase } from '@cyborgbackup/testkit';
import type pg from 'pg';
import type { EventStore } from '../port/event-store.ts';
import { installEventStore, type LogAccess } from '../postgres/install-event-store.ts';
import { createPostgresEventStore, type PostgresEventStoreOptions } from '../postgres/postgres-event-store.ts';

export interface TestStore extends AsyncDisposable {
  readonly store: EventStore;
  /** As services connect: with the role of a service that may append to every stream. */
  readonly pool: pg.Pool;
  /** The superuser's. */
  readonly admin: pg.Pool;
  readonly adminUrl: string;
  /** Another store on the same database, as another process would have it. */
  readonly another: (options?: Partial<PostgresEventStoreOptions>) => EventStore;
}

/** A service that all streams and subjects are of. Its role is the login's own, which has the rights of every service besides. */
const access: readonly LogAccess[] = [
  { service: 'test', streams: [], userStreams: ['<any>'], types: ['%'], subjects: ['<any>'] },
];

const logger = createLogger('test', 'silent');

/** A PostgreSQL event store in a database of its own. */
export const openTestStore = async (options: Partial<PostgresEventStoreOptions> = {}): Promise<TestStore> => {
  const database = await createTestDatabase();
  const admin = openPool({ connectionString: database.adminUrl, max: 30 }, logger);
  const client = await admin.connect();
  await installEventStore(client, access);
  client.release();
  const pool = openPool({ connectionString: database.url, max: 16 }, logger);
  const stores: EventStore[] = [];
  const another: TestStore['another'] = (more = {}) => {
    const store = createPostgresEventStore({ pool, logger, ...options, ...more });
    stores.push(store);
    return store;
  };
  return {
    store: another(),
    pool,
    admin,
    adminUrl: database.adminUrl,
    another,
    [Symbol.asyncDispose]: async () => {
      await Promise.all(stores.map((store) => store.close()));
      await Promise.all([pool.end(), admin.end()]);
      await database[Symbol.asyncDispose]();
    },
  };
};
