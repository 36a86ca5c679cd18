import { startNatsServer } from '@cyborgbackup/embedded';
import { createLogger, SERVICE_NAMES, type ServiceName } from '@cyborgbackup/kernel';
import {
  formatDirectory,
  natsAuthorization,
  natsUser,
  prepareAccess,
  randomServiceSecret,
  serviceAccess,
  serviceIdentity,
} from '@cyborgbackup/messaging';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What a process is configured with to be one service at the test's NATS server. */
export interface NatsEnvironment {
  readonly NATS_URL: string;
  readonly CYBORGBACKUP_SERVICE_SECRET: string;
  readonly CYBORGBACKUP_SERVICE_KEYS: string;
}

/** A nats-server with JetStream of a test's own. Port, users and stored messages stay the same over restarts. */
export interface TestNats extends AsyncDisposable {
  /** With the credentials of a user that may do everything, which no service has. */
  readonly url: string;
  /** As one service has it, or the job that makes the streams: with its own credentials, its own permissions. */
  environmentOf(name: ServiceName | 'prepare'): NatsEnvironment;
  /** Shuts it down cleanly; it stays down until `restart`. */
  readonly stop: () => Promise<void>;
  /** Ends it without warning, as a power cut would; it stays down until `restart`. */
  readonly kill: () => Promise<void>;
  /** Starts it again, stopping it first if it runs. */
  readonly restart: () => Promise<void>;
}

const USERS = [...SERVICE_NAMES, 'prepare', 'all'] as const;
type User = (typeof USERS)[number];

const accessOf = (user: User): ReturnType<typeof serviceAccess> | 'everything' => {
  if (user === 'all') return 'everything';
  return user === 'prepare' ? prepareAccess : serviceAccess(user);
};

export const startTestNats = async (): Promise<TestNats> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'cyborgbackup-nats-'));
  const logger = createLogger('test', 'error');
  const secrets = Object.fromEntries(USERS.map((user) => [user, randomServiceSecret()])) as Record<User, string>;
  const identityOf = (user: User): ReturnType<typeof serviceIdentity> => serviceIdentity(secrets[user]);
  const authorization = natsAuthorization(
    USERS.map((user) => natsUser(user, identityOf(user).natsSeed, accessOf(user))),
  );
  const directory = formatDirectory(
    Object.fromEntries(SERVICE_NAMES.map((name) => [name, identityOf(name).publicKey])) as Record<ServiceName, string>,
  );
  const options = { dataDir, logger, authorization };
  let server = await startNatsServer(options);
  let isRunning = true;
  const { port } = new URL(server.url);

  const end = async (signal?: 'SIGKILL'): Promise<void> => {
    if (!isRunning) return;
    isRunning = false;
    await server.stop(signal);
  };

  return {
    url: `nats://${identityOf('all').natsSeed}@127.0.0.1:${port}`,
    environmentOf: (name) => ({
      NATS_URL: server.url,
      CYBORGBACKUP_SERVICE_SECRET: secrets[name],
      CYBORGBACKUP_SERVICE_KEYS: directory,
    }),
    stop: () => end(),
    kill: () => end('SIGKILL'),
    restart: async () => {
      await end();
      server = await startNatsServer({ ...options, port: Number(port) });
      isRunning = true;
    },
    [Symbol.asyncDispose]: async () => {
      await end();
      await rm(dataDir, { recursive: true });
    },
  };
};
