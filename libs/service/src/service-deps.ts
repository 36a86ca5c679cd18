import { eventDefinitions } from '@cyborgbackup/contracts';
import { asService, openPool } from '@cyborgbackup/database';
import {
  createEventCodec,
  createPostgresEventStore,
  createSubjectKeys,
  deriveKey,
  type ClaimDeps,
  type EventCodec,
  type EventStore,
  type SubjectKeys,
} from '@cyborgbackup/event-store';
import type { Logger } from '@cyborgbackup/kernel';
import {
  busIdentity,
  callersOf,
  createNatsConnection,
  createRpcClient,
  createAppendNotifications,
  createOwnTrust,
  createServiceTrust,
  prepareJobQueue,
  type AppendNotifications,
  type CallTrust,
  type Connection,
  type RpcClient,
} from '@cyborgbackup/messaging';
import { createProjectionWaiter, type ProjectionWaiter } from '@cyborgbackup/projections';
import { hostname } from 'node:os';
import { randomUUID } from 'node:crypto';
import type { Pool } from 'pg';
import { holdsMasterKey } from './log-access.ts';
import { checkMasterKey, masterKeyOf, noMasterKey, withoutKeys } from './master-key.ts';
import { natsUrlOf } from './nats-url.ts';
import { useOneBus, type OneBus } from './one-bus.ts';
import { assertPrepared, prepareDatabase } from './prepare-database.ts';
import type { KeylessConfig, ServiceConfig } from './service-config.ts';

/** What a service has of the outside world. */
export interface ServiceDeps {
  readonly logger: Logger;
  /** Acts as the service's role; dates and numbers as `pg` gives them. */
  readonly pool: Pool;
  readonly store: EventStore;
  readonly codec: EventCodec;
  readonly keys: SubjectKeys;
  readonly waiter: ProjectionWaiter;
  readonly natsUrl: string;
  readonly trust: CallTrust;
  /** False where `prepare` has made the job queue's streams: this process may not. */
  readonly makesStreams: boolean;
  readonly connection: Connection;
  /** Why this process should not work, as others use the same database with another NATS. */
  readonly busTrouble: OneBus['trouble'];
  readonly rpc: RpcClient;
  /** Names this process: unique for each start. */
  readonly instance: string;
  /** A key for one purpose, derived from the master key. @throws AppError `internal` for a service that holds none */
  secretFor(purpose: string): Buffer;
  close(): Promise<void>;
}

/** Those of a service that opens and seals nothing, so that it needs no master key. */
export type KeylessDeps = Omit<ServiceDeps, 'keys' | 'secretFor'>;

/** A process on the bus, which is one service or more. */
export interface ProcessDeps {
  /** With connections to PostgreSQL of the service's own, that have its role. */
  depsOf(service: string): Promise<ServiceDeps>;
  close(): Promise<void>;
}

/** Postgres connections of one service: two for appends, one for each projection, the rest for queries. */
const POOL_SIZE = 20;

const createPool = (url: string, service: string, { name, logger }: { name: string; logger: Logger }): Pool =>
  openPool(
    {
      connectionString: url,
      options: asService(service),
      application_name: `cyborgbackup-${name}`,
      max: POOL_SIZE,
      connectionTimeoutMillis: 10_000,
      idleTimeoutMillis: 30_000,
      keepAlive: true,
    },
    logger,
  );

interface ServiceDepsOptions {
  /** True: the role `prepare` has run, and this process neither may nor should do its work. */
  readonly isPrepared?: boolean;
  /** Default: as configured, or else that of a process that is alone. */
  readonly trust?: CallTrust;
  /** True: this process has started its NATS for itself, so nobody else can be on it. */
  readonly hasOwnNats?: boolean;
}

/** Only a service that holds the master key needs the part about it. */
type ProcessConfig = KeylessConfig & Partial<ServiceConfig>;
type LogConfig = Pick<ProcessConfig, 'DATABASE_URL' | 'CYBORGBACKUP_MASTER_KEY' | 'CYBORGBACKUP_DATA_DIR'>;
export type ServiceLog = Pick<ServiceDeps, 'pool' | 'store' | 'codec' | 'close'>;

const trustOf = ({ CYBORGBACKUP_SERVICE_SECRET, CYBORGBACKUP_SERVICE_KEYS }: KeylessConfig): CallTrust =>
  CYBORGBACKUP_SERVICE_SECRET !== undefined && CYBORGBACKUP_SERVICE_KEYS !== undefined
    ? createServiceTrust(CYBORGBACKUP_SERVICE_SECRET, CYBORGBACKUP_SERVICE_KEYS, callersOf)
    : createOwnTrust({ isShared: false });

/** Closes what was opened, the last first. */
interface Opened {
  keep(closeOne: () => Promise<void>): void;
  close(): Promise<void>;
}

const createOpened = (): Opened => {
  const opened: (() => Promise<void>)[] = [];
  return {
    keep: (closeOne) => void opened.push(closeOne),
    close: async () => {
      for (const closeOne of opened.splice(0).reverse()) await closeOne();
    },
  };
};

interface LogOptions {
  readonly service: string;
  readonly name: string;
  readonly logger: Logger;
  readonly isPrepared: boolean;
  /** By which others learn at once what is appended, and the other way round; they would look soon anyway. */
  readonly appendNotifications?: AppendNotifications;
  readonly opened: Opened;
}

/** The database and the event log, as one service sees them. */
const openLog = async (
  config: LogConfig,
  { service, name, logger, isPrepared, appendNotifications, opened }: LogOptions,
): Promise<Pick<ServiceDeps, 'pool' | 'keys' | 'store' | 'codec' | 'secretFor'>> => {
  const pool = createPool(config.DATABASE_URL, service, { name, logger });
  opened.keep(() => pool.end());
  if (isPrepared) await assertPrepared(pool);
  const masterKey = holdsMasterKey(service) ? await masterKeyOf(config, pool) : undefined;
  const keys = masterKey ? createSubjectKeys({ pool, masterKey }) : withoutKeys(service);
  if (masterKey) await checkMasterKey(keys);
  const store = createPostgresEventStore({
    pool,
    logger,
    ...(appendNotifications && {
      onAppended: (position: bigint) => appendNotifications.notify(position),
      wakeUp: (listener: () => void) => appendNotifications.listen(listener),
    }),
  });
  opened.keep(() => store.close());
  return {
    ...{ pool, keys, store },
    codec: createEventCodec({ definitions: eventDefinitions, keys }),
    secretFor: (purpose) => {
      if (!masterKey) throw noMasterKey(service);
      return deriveKey(masterKey, purpose);
    },
  };
};

/** Database and event log as a service sees them, without NATS: for tools. @throws as `connectProcess` */
export const openServiceLog = async (service: string, config: LogConfig, logger: Logger): Promise<ServiceLog> => {
  const opened = createOpened();
  try {
    const log = await openLog(config, { ...{ service, name: 'tools', logger, isPrepared: true }, opened });
    return { ...log, close: opened.close };
  } catch (error) {
    await opened.close();
    throw error;
  }
};

/**
 * Connects to everything and brings the database up to date. What was opened is closed again when a later step fails.
 * @throws AppError `unavailable`, `forbidden` or `validation` with what to do
 */
export const connectProcess = async (
  name: string,
  config: ProcessConfig,
  logger: Logger,
  { isPrepared = false, trust = trustOf(config), hasOwnNats = false }: ServiceDepsOptions = {},
): Promise<ProcessDeps> => {
  const natsUrl = natsUrlOf(config);
  const instance = `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`;
  const opened = createOpened();
  const orClose = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      await opened.close();
      throw error;
    }
  };

  const connection = await createNatsConnection({ natsUrl, name, logger, trust });
  opened.keep(connection.close);
  const rpc = await orClose(() => createRpcClient({ natsUrl, name, logger, trust }));
  opened.keep(rpc.close);
  const { trouble: busTrouble } = await orClose(async () => {
    if (!isPrepared) await prepareJobQueue(connection);
    const bus = await useOneBus({
      databaseUrl: config.DATABASE_URL,
      name: `${name} ${instance}`,
      identity: () => (hasOwnNats ? Promise.resolve(instance) : busIdentity(connection)),
      logger,
    });
    opened.keep(bus.close);
    // Not before: others may be at work in this database, with an older version.
    if (!isPrepared) await prepareDatabase(config.CYBORGBACKUP_DATABASE_ADMIN_URL ?? config.DATABASE_URL);
    return bus;
  });
  const appendNotifications = createAppendNotifications(connection);
  const shared = {
    ...{ logger, natsUrl, trust, connection, busTrouble, rpc, instance },
    makesStreams: !isPrepared,
    close: opened.close,
  };

  const connectService = async (service: string): Promise<ServiceDeps> => {
    const log = await openLog(config, { ...{ service, name, logger, isPrepared, appendNotifications }, opened });
    return { ...shared, ...log, waiter: createProjectionWaiter(log) };
  };
  return { depsOf: (service) => orClose(() => connectService(service)), close: opened.close };
};

/** The same for a process that is one service. */
export const createServiceDeps = async (
  service: string,
  ...[config, logger, options]: readonly [ProcessConfig, Logger, ServiceDepsOptions?]
): Promise<ServiceDeps> => (await connectProcess(service, config, logger, options)).depsOf(service);

/** What handlers of commands need, for a service of that name. */
export const commandDeps = (deps: ServiceDeps, service: string): ClaimDeps => ({
  store: deps.store,
  codec: deps.codec,
  service,
  claimKey: deps.secretFor('claims'),
});
