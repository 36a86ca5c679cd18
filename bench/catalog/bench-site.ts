import { freePort, startPostgres } from '@cyborgbackup/embedded';
import type { CatalogCall } from '@cyborgbackup/executor';
import { createLogger, delay } from '@cyborgbackup/kernel';
import { createOwnTrust, randomServiceSecret } from '@cyborgbackup/messaging';
import { createServiceDeps, type ServiceDeps } from '@cyborgbackup/service';
import { startTestNats } from '@cyborgbackup/testkit';
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';

/** The whole product in a process of its own, with PostgreSQL and NATS beside it; this process plays an executor. */
export interface BenchSite extends AsyncDisposable {
  readonly deps: ServiceDeps;
  /** As the owner of the database. */
  readonly admin: pg.Pool;
  readonly call: CatalogCall;
  /** A request as the first administrator. */
  get(path: string): Promise<unknown>;
  /** Resolves when the catalog's tables hold all that is recorded. */
  waitForProjection(): Promise<void>;
  /** The peak memory of the product's process so far, in megabytes. */
  peakMegabytes(): number;
}

const ADMIN = { email: 'admin@example.com', password: 'correct horse battery 1' };
const CALL_MILLIS = 300_000;
const READY_MILLIS = 60_000;

const ready = async (url: string, child: ChildProcess): Promise<void> => {
  for (const deadline = Date.now() + READY_MILLIS; Date.now() < deadline; await delay(100)) {
    if (child.exitCode !== null) throw new Error('The product did not start');
    if (
      await fetch(`${url}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      )
    )
      return;
  }
  throw new Error('The product did not get ready');
};

const logIn = async (url: string): Promise<string> => {
  const body = JSON.stringify(ADMIN);
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${url}/api/token/obtain/`, { method: 'POST', headers, body });
  const { access } = (await response.json()) as { access: string };
  return `Bearer ${access}`;
};

export const startBenchSite = async (): Promise<BenchSite> => {
  const logger = createLogger('bench', 'error');
  const dataDir = await mkdtemp(join(tmpdir(), 'cyborgbackup-bench-'));
  const server = await startPostgres({ dataDir: join(dataDir, 'postgres'), logger });
  const nats = await startTestNats();
  const secret = randomServiceSecret();
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const env = {
    DATABASE_URL: server.url,
    NATS_URL: nats.url,
    CYBORGBACKUP_MASTER_KEY: randomBytes(32).toString('base64'),
    CYBORGBACKUP_SERVICE_SECRET: secret,
    CYBORGBACKUP_DATA_DIR: dataDir,
    CYBORGBACKUP_LOG_LEVEL: 'error' as const,
  };
  const child = spawn(process.execPath, ['services/standalone'], {
    env: {
      ...process.env,
      ...env,
      CYBORGBACKUP_LISTEN: `127.0.0.1:${port}`,
      CYBORGBACKUP_ADMIN_EMAIL: ADMIN.email,
      CYBORGBACKUP_ADMIN_PASSWORD: ADMIN.password,
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await ready(url, child);
  const trust = createOwnTrust({ isShared: true, secret });
  const deps = await createServiceDeps('executor', env, logger, { trust });
  const admin = new pg.Pool({ connectionString: server.url });
  admin.on('error', () => undefined); // the server stops before all connections have noticed that they are closed
  let authorization: string | undefined;

  return {
    deps,
    admin,
    call: (rpc, input) => deps.rpc.call(rpc.subject, input, { schema: rpc.output, deadlineMillis: CALL_MILLIS }),
    get: async (path) => {
      authorization ??= await logIn(url);
      const response = await fetch(`${url}${path}`, { headers: { authorization } });
      const body: unknown = await response.json();
      if (!response.ok) throw new Error(`${path}: ${response.status} ${JSON.stringify(body)}`);
      return body;
    },
    waitForProjection: async () => {
      const head = await deps.store.head();
      for (;;) {
        const { rows } = await admin.query<{ position: string }>(
          `select position from projections.checkpoints where name = 'catalog'`,
        );
        if (BigInt(rows[0]?.position ?? 0) >= head) return;
        await delay(10);
      }
    },
    peakMegabytes: () => {
      const status = readFileSync(`/proc/${child.pid ?? 0}/status`, 'utf8');
      return Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? NaN) / 1_024);
    },
    [Symbol.asyncDispose]: async () => {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
      await deps.close();
      await admin.end();
      await nats[Symbol.asyncDispose]();
      await server.stop();
      await rm(dataDir, { recursive: true });
    },
  };
};
