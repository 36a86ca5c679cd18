import { freePort, startPostgres } from '@cyborgbackup/embedded';
import { createLogger, delay } from '@cyborgbackup/kernel';
import { failAppends, PASSING_SQL_STATES, prepareCluster, startTestNats, strandLeases } from '@cyborgbackup/testkit';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { logIn, type ApiClient } from '../../demo/api-client.ts';
import { ADMIN, type ServiceName } from '../testing/five-services.ts';
import { prepare, serviceProcess, type ServiceProcess } from '../testing/service-process.ts';

/** Something that dies without warning and comes back. */
export interface Victim {
  readonly name: string;
  kill(): Promise<void>;
  revive(): Promise<void>;
}

/** The whole product as processes of their own, on servers of its own that may be killed too. */
export interface ChaosCluster extends AsyncDisposable {
  readonly environment: Readonly<Record<string, string>>;
  readonly adminUrl: string;
  readonly executors: readonly Victim[];
  readonly scheduler: Victim;
  readonly nats: Victim;
  readonly postgres: Victim;
  /** What goes wrong while everything is alive, and has to come right by itself. */
  readonly faults: readonly Victim[];
  logIn(): Promise<ApiClient>;
}

const EXECUTORS = ['executor', 'executor', 'executor'] as const;
const OTHERS = ['inventory', 'catalog', 'scheduler', 'gateway'] as const;

const victim = (name: string, service: ServiceProcess): Victim => ({
  name,
  kill: () => service.kill(),
  revive: () => service.start(),
});

const fault = (name: string, kill: Victim['kill']): Victim => ({ name, kill, revive: () => Promise.resolve() });

const isThere = async (pid: number): Promise<boolean> =>
  readFile(`/proc/${pid}/stat`, 'utf8').then(
    (text) => !text.includes(') Z '),
    () => false,
  );

/** Whoever supervises the server starts it again by itself. */
const postgresVictim = (dataDir: string): Victim => {
  const pidFile = join(dataDir, 'cluster', 'postmaster.pid');
  const postmaster = async (): Promise<number> => Number((await readFile(pidFile, 'utf8')).split('\n')[0]);
  let killed = 0;
  return {
    name: 'postgres',
    kill: async () => {
      killed = await postmaster();
      process.kill(killed, 'SIGKILL');
    },
    revive: async () => {
      for (;;) {
        const pid = await postmaster().catch(() => killed);
        if (pid !== killed && (await isThere(pid))) return;
        await delay(50);
      }
    },
  };
};

/** @param more further variables of all services */
export const startChaosCluster = async (more: Readonly<Record<string, string>>): Promise<ChaosCluster> => {
  const folder = await mkdtemp(join(tmpdir(), 'cyborgbackup-chaos-'));
  const dataDir = join(folder, 'postgres');
  const [database, nats] = await Promise.all([
    startPostgres({ dataDir, logger: createLogger('chaos', 'fatal'), onLoopback: true }),
    startTestNats(),
  ]);
  await prepareCluster(database.url); // for who replays the log in the end
  await prepare({ CYBORGBACKUP_DATABASE_ADMIN_URL: database.url, ...nats.environmentOf('prepare') });
  const environment = {
    DATABASE_URL: database.url,
    NATS_URL: nats.url,
    CYBORGBACKUP_MASTER_KEY: randomBytes(32).toString('base64'),
    CYBORGBACKUP_ADMIN_EMAIL: ADMIN.email,
    CYBORGBACKUP_ADMIN_PASSWORD: ADMIN.password,
    ...more,
  };
  const start = async (name: ServiceName): Promise<{ name: string; url: string; service: ServiceProcess }> => {
    const address = `127.0.0.1:${await freePort()}`;
    const listen = name === 'gateway' ? 'CYBORGBACKUP_LISTEN' : 'CYBORGBACKUP_HEALTH_LISTEN';
    const service = serviceProcess(
      name,
      { ...environment, ...nats.environmentOf(name), [listen]: address },
      `http://${address}/readyz`,
    );
    await service.start();
    return { name, url: `http://${address}`, service };
  };
  const started = await Promise.all([...OTHERS, ...EXECUTORS].map(start));
  const victims = started.map(({ name, service }) => victim(name, service));
  const url = started.find(({ name }) => name === 'gateway')?.url ?? '';
  const one = (name: string): Victim => {
    const found = victims.find((each) => each.name === name);
    if (!found) throw new Error(`There is no ${name}`);
    return found;
  };
  return {
    environment,
    adminUrl: database.url,
    executors: victims.filter(({ name }) => name === 'executor'),
    scheduler: one('scheduler'),
    nats: { name: 'nats', kill: () => nats.kill(), revive: () => nats.restart() },
    postgres: postgresVictim(dataDir),
    faults: [
      fault('leases', () => strandLeases(database.url)),
      fault('appends', () => failAppends(database.url, 'job-succeeded', PASSING_SQL_STATES)),
    ],
    logIn: () => logIn(url, ADMIN),
    [Symbol.asyncDispose]: async () => {
      await Promise.all(started.map(({ service }) => service[Symbol.asyncDispose]()));
      await nats[Symbol.asyncDispose]();
      await database.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
};
