import { SERVICE_ROLES } from '@cyborgbackup/database';
import { startNatsServer, startPostgres } from '@cyborgbackup/embedded';
import { freeLeases } from '@cyborgbackup/projections';
import { prepareDatabase } from '@cyborgbackup/service';
import type { Logger } from '@cyborgbackup/kernel';
import {
  natsAuthorization,
  natsUser,
  randomServiceSecret,
  serviceIdentity,
  standaloneAccess,
} from '@cyborgbackup/messaging';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import pg from 'pg';
import type { StandaloneConfig } from './standalone-config.ts';

/** PostgreSQL and NATS as the services will use them, whether embedded or given. */
export interface Backing {
  /** Where they are, under the names of the variables that would have said so. */
  readonly environment: {
    readonly DATABASE_URL: string;
    readonly CYBORGBACKUP_DATABASE_ADMIN_URL: string;
    readonly NATS_URL: string;
  };
  stop(): Promise<void>;
}

type Stop = () => Promise<void>;

const SERVICE_LOGIN = 'cyborgbackup_service';

/**
 * Readies a database that only this process uses. The services log in as a role that owns nothing and has no right but to
 * become one of theirs; its password is drawn anew at each start and kept nowhere.
 */
const prepareOwnDatabase = async (adminUrl: string): Promise<string> => {
  await prepareDatabase(adminUrl);
  const password = randomBytes(24).toString('hex');
  const admin = new pg.Client({ connectionString: adminUrl });
  await admin.connect();
  try {
    await freeLeases(admin);
    const { rowCount } = await admin.query('select from pg_roles where rolname = $1', [SERVICE_LOGIN]);
    if (rowCount === 0)
      await admin.query(`create role ${SERVICE_LOGIN} login noinherit in role ${SERVICE_ROLES.join(', ')}`);
    await admin.query(`alter role ${SERVICE_LOGIN} password ${pg.escapeLiteral(password)}`);
  } finally {
    await admin.end();
  }
  const url = new URL(adminUrl);
  url.username = SERVICE_LOGIN;
  url.password = password;
  return url.href;
};

/** PostgreSQL as the services will use it. */
export const startDatabase = async (
  config: Pick<StandaloneConfig, 'DATABASE_URL' | 'CYBORGBACKUP_DATABASE_ADMIN_URL' | 'CYBORGBACKUP_DATA_DIR'>,
  logger: Logger,
): Promise<{ databaseUrl: string; adminUrl: string; stop: Stop }> => {
  if (config.DATABASE_URL !== undefined) {
    const adminUrl = config.CYBORGBACKUP_DATABASE_ADMIN_URL ?? config.DATABASE_URL;
    return { databaseUrl: config.DATABASE_URL, adminUrl, stop: () => Promise.resolve() };
  }
  const postgres = await startPostgres({ dataDir: join(config.CYBORGBACKUP_DATA_DIR, 'postgres'), logger });
  return {
    databaseUrl: await prepareOwnDatabase(postgres.url),
    adminUrl: postgres.url,
    stop: () => postgres.stop(),
  };
};

/** Its only user is this process, with a key that is made at each start and kept nowhere. */
const startMessaging = async (config: StandaloneConfig, logger: Logger): Promise<{ natsUrl: string; stop: Stop }> => {
  if (config.NATS_URL !== undefined) return { natsUrl: config.NATS_URL, stop: () => Promise.resolve() };
  const { natsSeed } = serviceIdentity(randomServiceSecret());
  const authorization = natsAuthorization([natsUser('standalone', natsSeed, standaloneAccess())]);
  const nats = await startNatsServer({ dataDir: join(config.CYBORGBACKUP_DATA_DIR, 'nats'), logger, authorization });
  const url = new URL(nats.url);
  url.username = natsSeed;
  return { natsUrl: url.href, stop: () => nats.stop() };
};

/** Starts what the environment does not give, side by side. When one fails, the other is stopped again. */
export const startBacking = async (config: StandaloneConfig, logger: Logger): Promise<Backing> => {
  const [database, messaging] = await Promise.allSettled([
    startDatabase(config, logger),
    startMessaging(config, logger),
  ]);
  const stop = async (): Promise<void> => {
    if (messaging.status === 'fulfilled') await messaging.value.stop();
    if (database.status === 'fulfilled') await database.value.stop();
  };
  if (database.status === 'rejected' || messaging.status === 'rejected') {
    await stop();
    throw database.status === 'rejected' ? database.reason : (messaging as PromiseRejectedResult).reason;
  }
  const { databaseUrl, adminUrl } = database.value;
  const { natsUrl } = messaging.value;
  return {
    environment: { DATABASE_URL: databaseUrl, CYBORGBACKUP_DATABASE_ADMIN_URL: adminUrl, NATS_URL: natsUrl },
    stop,
  };
};
