import { loadMigrations, migrate } from '@cyborgbackup/database';
import { systemClock } from '@cyborgbackup/kernel';
import { WAIT_MILLIS } from '@cyborgbackup/projections';
import { inventory } from '@cyborgbackup/read-models';
import {
  standardChecks,
  watchReadiness,
  type Check,
  type RunningService,
  type ServiceDeps,
} from '@cyborgbackup/service';
import { createApp } from './server/app.ts';
import { createAuthenticate, createTokenUseRecorder } from './auth/authenticate.ts';
import { createJsonWebTokens } from './auth/json-web-tokens.ts';
import { createLogIn, createRememberingLogIn } from './auth/log-in.ts';
import { createFailedLogIns } from './auth/failed-log-ins.ts';
import { createLoginGuard } from './auth/login-guard.ts';
import { createPasswords } from './auth/passwords.ts';
import { createSessions } from './auth/sessions.ts';
import { allowedHostsOf, type GatewayConfig } from './gateway-config.ts';
import { createCall, createOpenStream, type WaitForProjection } from './backend/calls.ts';
import { createRouter } from './server/create-router.ts';
import type { GatewayDeps } from './routes/deps.ts';
import { createIdempotency } from './idempotency/idempotency.ts';
import { createIdempotencyKeys } from './idempotency/idempotency-keys.ts';
import { listen } from './server/listen.ts';
import { createReader } from './db/reader.ts';
import { createEndpoints } from './endpoints.ts';
import { createJobChangeFeed } from './db/job-change-feed.ts';
import { VERSION } from './version.ts';

export interface RunningGateway extends RunningService {
  /** For example `http://127.0.0.1:8000`. */
  readonly url: string;
}

const SWEEP_MILLIS = 60 * 60_000;

const prepareSchema = async ({ pool }: ServiceDeps): Promise<void> => {
  const client = await pool.connect();
  try {
    await migrate(client, 'gateway', loadMigrations(new URL('./idempotency/sql/', import.meta.url)));
    await migrate(client, 'gateway', loadMigrations(new URL('./auth/sql/', import.meta.url)));
  } finally {
    client.release();
  }
};

/** Each check once: services of one process share connections. */
const checksOf = async (service: ServiceDeps, others: readonly RunningService[]): Promise<readonly Check[]> => {
  const own = standardChecks(service, { projections: [{ name: 'inventory', models: Object.values(inventory) }] });
  const all = await Promise.all([own, ...others.map((other) => other.checks())]);
  return [...new Map(all.flat().map((check) => [check.name, check])).values()];
};

/**
 * Serves the API until it is stopped.
 * @param others services of the same process: it is ready when they are
 * @throws AppError `unavailable` when the address is taken
 */
export const startGateway = async (
  service: ServiceDeps,
  config: GatewayConfig,
  others: readonly RunningService[] = [],
): Promise<RunningGateway> => {
  await prepareSchema(service);
  const { keys, rpc, pool, waiter } = service;
  const clock = systemClock;
  const logger = service.logger.child({ service: 'gateway' });
  const reader = createReader(pool, logger);
  const tokens = createJsonWebTokens(service.secretFor('jwt'), clock);

  const jobChanges = createJobChangeFeed({ store: service.store, waiter, logger });
  const base = {
    reader,
    keys,
    clock,
    logger,
    call: createCall(rpc),
    openStream: createOpenStream(service.connection),
    jobChanges,
    waitForProjection: async (...[projection, position]: Parameters<WaitForProjection>) =>
      position === null || waiter.tryWaitForProjections([projection], BigInt(position), WAIT_MILLIS.request),
  };
  const sessions = createSessions({ ...base, tokens });
  const passwords = createPasswords();
  const deps: GatewayDeps = { ...base, sessions, passwords };

  const guard = createLoginGuard({ pool, secret: service.secretFor('log-ins'), clock });
  const failedLogIns = createFailedLogIns({ call: base.call, clock, logger });
  const logInDeps = { reader, keys, guard, failedLogIns, passwords, clock };
  const logIn = createLogIn(logInDeps);
  const authenticate = createAuthenticate({
    reader,
    tokens,
    logIn: createRememberingLogIn(logIn, logInDeps),
    recordUse: createTokenUseRecorder({ rpc, clock, logger }),
    clock,
  });

  const store = createIdempotencyKeys(pool);
  const idempotency = createIdempotency({ store, keys, secret: service.secretFor('idempotency') });
  const allowedHosts = allowedHostsOf(config);
  const endpoints = createEndpoints({ deps, logIn, tokens, version: VERSION, allowedHosts });
  const readiness = watchReadiness(() => checksOf(service, others), logger);
  const { checks } = readiness;
  const app = createApp({
    logger,
    clock,
    allowedHosts,
    corsOrigins: config.CYBORGBACKUP_CORS_ORIGINS,
    trustedProxies: config.CYBORGBACKUP_TRUSTED_PROXIES,
    requestsPerSecond: config.CYBORGBACKUP_RATE_LIMIT,
    checks,
    routes: createRouter(endpoints, { authenticate, idempotency }),
  });
  const listener = await listen(app, config.CYBORGBACKUP_LISTEN, config.CYBORGBACKUP_TRUSTED_PROXIES).catch(
    async (error: unknown) => {
      readiness.stop();
      await reader.close();
      throw error;
    },
  );
  const sweep = setInterval(() => {
    store.sweep().catch((error: unknown) => logger.warn({ err: error }, 'old answers could not be removed'));
    guard.sweep().catch((error: unknown) => logger.warn({ err: error }, 'old attempts to log in could not be removed'));
    void failedLogIns.flush();
  }, SWEEP_MILLIS);
  logger.info({ url: listener.url }, 'serving the API');
  return {
    url: listener.url,
    checks,
    stop: async () => {
      clearInterval(sweep);
      readiness.stop();
      await Promise.all([jobChanges.stop(), listener.close()]);
      await failedLogIns.flush({ isStopping: true });
      await reader.close();
    },
  };
};
