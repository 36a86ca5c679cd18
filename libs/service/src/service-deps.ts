import { eventDefinitions } from '@cyborgbackup/contracts';
import { APP_ROLE, openPool } from '@cyborgbackup/database';
import {
  createEventCodec,
  createPostgresEventStore,
  createSubjectKeys,
  deriveKey,
  loadMasterKey,
  type ClaimDeps,
  type EventCodec,
  type EventStore,
  type SubjectKeys,
} from '@cyborgbackup/event-store';
import { AppError, hasCode, type Logger } from '@cyborgbackup/kernel';
import {
  callersOf,
  createNatsConnection,
  createRpcClient,
  createAppendNotifications,
  createOwnTrust,
  createServiceTrust,
  type CallTrust,
  type Connection,
  type RpcClient,
} from '@cyborgbackup/messaging';
import { createProjectionWaiter, type ProjectionWaiter } from '@cyborgbackup/projections';
import { mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import type { Pool } from 'pg';
import { natsUrlOf } from './nats-url.ts';
import { assertPrepared, prepareDatabase } from './prepare-database.ts';
import type { KeylessConfig, ServiceConfig } from './service-config.ts';

/** What a process has of the outside world. The five services of a standalone process share one set. */
export interface ServiceDeps {
  readonly logger: Logger;
  /** Acts as the application's role; dates and numbers as `pg` gives them. */
  readonly pool: Pool;
  readonly store: EventStore;
  readonly codec: EventCodec;
  readonly keys: SubjectKeys;
  readonly waiter: ProjectionWaiter;
  /** 32 bytes; derive a key for each purpose with `deriveKey`. */
  readonly masterKey: Buffer;
  readonly natsUrl: string;
  readonly trust: CallTrust;
  /** False where `prepare` has made the job queue's streams: this process may not. */
  readonly makesStreams: boolean;
  readonly connection: Connection;
  readonly rpc: RpcClient;
  /** Names this process: unique for each start. */
  readonly instance: string;
  close(): Promise<void>;
}

/** Those of a service that opens and seals nothing, so that it needs no master key. */
export type KeylessDeps = Omit<ServiceDeps, 'keys' | 'masterKey'>;

/** Postgres connections of one process: two for appends, one for each projection, the rest for queries. */
const POOL_SIZE = 20;

const createPool = (url: string, name: string, logger: Logger): Pool =>
  openPool(
    {
      connectionString: url,
      options: `-c role=${APP_ROLE}`,
      application_name: `cyborgbackup-${name}`,
      max: POOL_SIZE,
      connectionTimeoutMillis: 10_000,
      idleTimeoutMillis: 30_000,
      keepAlive: true,
    },
    logger,
  );

const masterKeyOf = async (config: ServiceConfig): Promise<Buffer> => {
  const directory = config.CYBORGBACKUP_DATA_DIR;
  if (config.CYBORGBACKUP_MASTER_KEY === undefined) await mkdir(directory, { recursive: true, mode: 0o700 });
  return loadMasterKey({
    value: config.CYBORGBACKUP_MASTER_KEY,
    file: join(directory, 'master.key'),
    create: true,
  });
};

/** With a wrong key every secret and every name in the log would be unreadable: better not to start at all. */
const checkMasterKey = async (keys: SubjectKeys): Promise<void> => {
  try {
    await keys.seal('master-key-check', 'readable');
  } catch (cause) {
    // What the database itself has to say is told as it is.
    if (!hasCode(cause, 'internal')) throw cause;
    throw new AppError(
      'validation',
      'The master key does not open the keys in this database: give back the one that was used before.',
      { cause },
    );
  }
};

interface ServiceDepsOptions {
  /** True: the role `prepare` has run, and this process neither may nor should do its work. */
  readonly isPrepared?: boolean;
  /** Default: as configured, or else that of a process that is alone. */
  readonly trust?: CallTrust;
}

const trustOf = ({ CYBORGBACKUP_SERVICE_SECRET, CYBORGBACKUP_SERVICE_KEYS }: KeylessConfig): CallTrust =>
  CYBORGBACKUP_SERVICE_SECRET !== undefined && CYBORGBACKUP_SERVICE_KEYS !== undefined
    ? createServiceTrust(CYBORGBACKUP_SERVICE_SECRET, CYBORGBACKUP_SERVICE_KEYS, callersOf)
    : createOwnTrust({ isShared: false });

interface OpenOptions extends ServiceDepsOptions {
  readonly name: string;
  readonly logger: Logger;
  readonly openKeys: (pool: Pool) => Promise<SubjectKeys>;
}

/** What was opened is closed again when a later step fails. */
const openDeps = async (
  config: KeylessConfig & Pick<ServiceConfig, 'CYBORGBACKUP_DATABASE_ADMIN_URL'>,
  { name, logger, openKeys, isPrepared = false, trust = trustOf(config) }: OpenOptions,
): Promise<Omit<ServiceDeps, 'masterKey'>> => {
  if (!isPrepared) await prepareDatabase(config.CYBORGBACKUP_DATABASE_ADMIN_URL ?? config.DATABASE_URL);
  const natsUrl = natsUrlOf(config);
  const opened: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const closeOne of opened.splice(0).reverse()) await closeOne();
  };
  try {
    const pool = createPool(config.DATABASE_URL, name, logger);
    opened.push(() => pool.end());
    if (isPrepared) await assertPrepared(pool);
    const keys = await openKeys(pool);
    const connection = await createNatsConnection({ natsUrl, name, logger, trust });
    opened.push(connection.close);
    const rpc = await createRpcClient({ natsUrl, name, logger, trust });
    opened.push(rpc.close);
    const appendNotifications = createAppendNotifications(connection);
    const store = createPostgresEventStore({
      pool,
      logger,
      onAppended: (position) => appendNotifications.notify(position),
      wakeUp: (listener) => appendNotifications.listen(listener),
    });
    opened.push(() => store.close());
    const codec = createEventCodec({ definitions: eventDefinitions, keys });
    const instance = `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`;
    const waiter = createProjectionWaiter({ pool, store });
    return {
      ...{ logger, pool, store, codec, keys, waiter, natsUrl, trust, connection, rpc, instance, close },
      makesStreams: !isPrepared,
    };
  } catch (error) {
    await close();
    throw error;
  }
};

/**
 * Connects to everything and brings the database up to date.
 * @throws AppError `unavailable`, `forbidden` or `validation` with what to do
 */
export const createServiceDeps = async (
  name: string,
  config: ServiceConfig,
  logger: Logger,
  options: ServiceDepsOptions = {},
): Promise<ServiceDeps> => {
  const masterKey = await masterKeyOf(config);
  const openKeys = async (pool: Pool): Promise<SubjectKeys> => {
    const keys = createSubjectKeys({ pool, masterKey });
    await checkMasterKey(keys);
    return keys;
  };
  return { ...(await openDeps(config, { ...options, name, logger, openKeys })), masterKey };
};

const refuse = (): Promise<never> =>
  Promise.reject(new AppError('internal', 'This service holds no master key, so it seals and opens nothing.'));

const NO_KEYS: SubjectKeys = { seal: refuse, open: refuse, erase: refuse };

/** As `createServiceDeps`, for a service that holds no master key, in a database that is prepared. */
export const createKeylessDeps = (name: string, config: KeylessConfig, logger: Logger): Promise<KeylessDeps> =>
  openDeps(config, { name, logger, isPrepared: true, openKeys: () => Promise.resolve(NO_KEYS) });

/** What handlers of commands need, for a service of that name. */
export const commandDeps = (deps: ServiceDeps, service: string): ClaimDeps => ({
  store: deps.store,
  codec: deps.codec,
  service,
  claimKey: deriveKey(deps.masterKey, 'claims'),
});
