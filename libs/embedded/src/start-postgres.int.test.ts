import { createLogger, delay, hasCode } from '@cyborgbackup/kernel';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { WORKING_DIRECTORY } from './init-cluster.ts';
import { processesIn } from './leftovers.ts';
import { postgresBinaries } from './postgres-binaries.ts';
import { serverIdentity } from './server-identity.ts';
import { startPostgres } from './start-postgres.ts';

const logger = createLogger('test', 'silent');

let top: string;
let dataDir: string;
let cluster: string;

// Only its owner may pass `top`, as with /root. The cluster is made by the first test that starts it.
beforeAll(async () => {
  top = await mkdtemp(join(tmpdir(), 'cyborgbackup-embedded-'));
  dataDir = join(top, 'state', 'postgres');
  cluster = join(dataDir, 'cluster');
  // What an initialisation leaves that was cut short.
  await mkdir(`${cluster}.new`, { recursive: true });
});

afterEach(async () => {
  expect(await processesIn(cluster, 'postgres')).toEqual([]);
});

afterAll(() => rm(top, { recursive: true }));

const start = (): ReturnType<typeof startPostgres> => startPostgres({ dataDir, logger, durable: false });

const query = async (url: string, sql: string): Promise<Record<string, unknown>[]> => {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
};

const until = async (condition: () => Promise<boolean>): Promise<void> => {
  while (!(await condition())) await delay(20);
};

const answers = (url: string): Promise<boolean> =>
  query(url, 'select 1').then(
    () => true,
    () => false,
  );

test('PostgreSQL makes its cluster, even after an interrupted try, and keeps data and password over a restart', async () => {
  const first = await start();
  await query(first.url, 'create table kept as select 42 as n');
  await first.stop();
  expect(await processesIn(cluster, 'postgres')).toEqual([]);

  const second = await start();
  expect(await query(second.url, 'select n from kept')).toEqual([{ n: 42 }]);
  expect(new URL(second.url).password).toBe(new URL(first.url).password);
  await second.stop();
});

/** Where the server listens, by its own word. */
const listening = async (url: string): Promise<readonly unknown[]> => {
  const settings = `select setting from pg_settings where name in ('listen_addresses', 'unix_socket_directories')`;
  return (await query(url, `${settings} order by name`)).map(({ setting }) => setting);
};

test('PostgreSQL listens on a socket in a folder that no other user can enter, and nowhere else', async () => {
  const server = await start();
  expect(await listening(server.url)).toEqual(['', WORKING_DIRECTORY]);
  expect((await stat(join(cluster, '.s.PGSQL.5432'))).isSocket()).toBe(true);
  expect((await stat(cluster)).mode & 0o077).toBe(0);
  await server.stop();
});

test('PostgreSQL listens on loopback, and nowhere else, where a socket’s path would be too long, or programs need a port', async () => {
  const long = join(top, 'x'.repeat(100));
  const server = await startPostgres({ dataDir: long, logger, durable: false });
  expect(await listening(server.url)).toEqual(['127.0.0.1', '']);
  await server.stop();
  const other = await startPostgres({ dataDir, logger, durable: false, onLoopback: true });
  expect(await listening(other.url)).toEqual(['127.0.0.1', '']);
  await other.stop();
});

test('PostgreSQL asks for the password, and keeps it where only the owner can read it', async () => {
  const server = await start();
  const wrong = new URL(server.url);
  wrong.password = 'wrong';
  await expect(query(wrong.href, 'select 1')).rejects.toThrow(/password authentication failed/);
  expect((await stat(join(dataDir, 'password'))).mode & 0o777).toBe(0o600);
  await server.stop();
});

test.runIf(process.getuid?.() === 0)(
  'PostgreSQL started by root runs under a user of its own without any capability',
  async () => {
    const server = await start();
    const [pid] = await processesIn(cluster, 'postgres');
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    expect(status).toMatch(/^Uid:\t65530\t65530\t65530\t65530$/m);
    expect(status).toMatch(/^Groups:\s*$/m);
    expect(status).toMatch(/^CapEff:\t0+$/m);
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8');
    expect(environment).not.toContain('CYBORGBACKUP');
    await server.stop();
  },
);

test('startPostgres refuses a folder in use, and its server goes on', async () => {
  const server = await start();
  await expect(start()).rejects.toSatisfy((error) => hasCode(error, 'conflict'));
  expect(await answers(server.url)).toBe(true);
  await server.stop();
});

test('a PostgreSQL left over by a dead parent is shut down before the new one starts', async () => {
  await (await start()).stop();
  const identity = serverIdentity();
  const leftover = spawn(
    join(await postgresBinaries(identity), 'postgres'),
    ['-D', WORKING_DIRECTORY, '-p', '1', '-c', 'listen_addresses='],
    {
      cwd: cluster,
      stdio: ['ignore', 'ignore', 'pipe'],
      ...identity,
    },
  );
  let words = '';
  leftover.stderr.on('data', (chunk) => (words += String(chunk)));
  await until(() => Promise.resolve(words.includes('ready to accept')));

  const server = await start();
  expect(leftover.exitCode).toBe(0);
  expect(words).toContain('received fast shutdown request');
  expect(await answers(server.url)).toBe(true);
  await server.stop();
});

test('PostgreSQL does not outlive a parent that is killed', async () => {
  const script = `
    import { createLogger } from '@cyborgbackup/kernel';
    import { startPostgres } from './start-postgres.ts';
    const { url } = await startPostgres({ dataDir: process.argv[1], logger: createLogger('test', 'silent'), durable: false });
    process.stdout.write(url);`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', script, dataDir], {
    cwd: import.meta.dirname,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [url] = (await once(parent.stdout, 'data')) as [Buffer];
  await query(String(url), 'create table left_behind as select 7 as n');
  parent.kill('SIGKILL');
  await until(async () => (await processesIn(cluster, 'postgres')).length === 0);
  // As after a power cut, when its id has been given to another process.
  const other = spawn('sleep', ['60'], { stdio: 'ignore', ...serverIdentity() });
  await writeFile(join(cluster, 'postmaster.pid'), `${other.pid}\n${cluster}\n`);

  const server = await start();
  other.kill();
  expect(await query(server.url, 'select n from left_behind')).toEqual([{ n: 7 }]);
  await server.stop();
});

test('PostgreSQL is started again under the same url when it ends by itself', async () => {
  const server = await start();
  const before = await query(server.url, 'select pg_postmaster_start_time()::text as t');
  const pids = await processesIn(cluster, 'postgres');
  process.kill(Math.min(...pids), 'SIGKILL');
  await until(() => answers(server.url));
  expect(await query(server.url, 'select pg_postmaster_start_time()::text as t')).not.toEqual(before);
  await server.stop();
});
