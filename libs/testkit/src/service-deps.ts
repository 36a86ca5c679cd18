import { createLogger, SERVICE_NAMES } from '@cyborgbackup/kernel';
import { createOwnTrust } from '@cyborgbackup/messaging';
import { connectProcess, prepareDatabase, type ServiceDeps } from '@cyborgbackup/service';
import { randomBytes } from 'node:crypto';
import { startTestNats, type TestNats } from './nats-server.ts';
import { createTestDatabase } from './postgres.ts';

/** A database and a NATS server of a test's own, with a service's connections to them. */
export interface TestDeps extends AsyncDisposable {
  readonly deps: ServiceDeps;
  readonly nats: TestNats;
  /** The superuser's URL of the database. */
  readonly adminUrl: string;
  /** The URL that services use. */
  readonly databaseUrl: string;
  /** Further connections, as another process would have: the service of that name, or one that may do what any of them may. */
  connect(
    name: string,
    changes?: {
      readonly masterKey?: string;
      readonly databaseUrl?: string;
      readonly natsUrl?: string;
    },
  ): Promise<ServiceDeps>;
}

/** Everything a service needs, empty and migrated. Disposing of it closes and removes all of it. */
export const startTestDeps = async (): Promise<TestDeps> => {
  const [database, nats] = await Promise.all([createTestDatabase(), startTestNats()]);
  await prepareDatabase(database.adminUrl);
  const masterKey = randomBytes(32).toString('base64');
  // All of them believe each other, as the services of one process do.
  const trust = createOwnTrust({ isShared: false });
  const open: ServiceDeps[] = [];
  const connect: TestDeps['connect'] = async (name, changes = {}) => {
    const { depsOf } = await connectProcess(
      name,
      {
        DATABASE_URL: changes.databaseUrl ?? database.url,
        CYBORGBACKUP_DATABASE_ADMIN_URL: database.adminUrl,
        NATS_URL: changes.natsUrl ?? nats.url,
        CYBORGBACKUP_MASTER_KEY: changes.masterKey ?? masterKey,
        CYBORGBACKUP_DATA_DIR: '/nonexistent',
        CYBORGBACKUP_LOG_LEVEL: 'silent',
      },
      createLogger(name, 'silent'),
      { trust },
    );
    const deps = await depsOf(SERVICE_NAMES.find((service) => service === name) ?? 'test');
    open.push(deps);
    return deps;
  };
  return {
    deps: await connect('test'),
    nats,
    adminUrl: database.adminUrl,
    databaseUrl: database.url,
    connect,
    [Symbol.asyncDispose]: async () => {
      await Promise.all(open.map((deps) => deps.close()));
      await nats[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
};
