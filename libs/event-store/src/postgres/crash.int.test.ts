import { asService, openPool } from '@cyborgbackup/database';
import { startPostgres } from '@cyborgbackup/embedded';
import { createLogger, delay } from '@cyborgbackup/kernel';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { sampleEvents } from '../testing/sample-events.ts';
import { verifyLog } from '../port/verify.ts';
import { appendQuery, toAppendItem } from './append/append-batch.ts';
import { installEventStore } from './install-event-store.ts';
import { createPostgresEventStore, verifyHeads } from './postgres-event-store.ts';

const logger = createLogger('test', 'silent');
let dataDir: string;
let server: Awaited<ReturnType<typeof startPostgres>>;
let pool: pg.Pool;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'crash-'));
  server = await startPostgres({ dataDir, logger });
  pool = openPool({ connectionString: server.url, options: asService('executor') }, logger);
  pool.on('error', () => undefined); // the server stops before all connections have noticed that they are closed
  const admin = new pg.Client({ connectionString: server.url });
  await admin.connect();
  const access = { service: 'executor', streams: ['<any>'], userStreams: [], types: ['%'], subjects: [] };
  await installEventStore(admin, [access]).finally(() => admin.end());
});
afterAll(async () => {
  await pool.end();
  await server.stop();
  await rm(dataDir, { recursive: true });
});

/** The server's own note of its process id. */
const killServer = async (): Promise<void> => {
  const [pid] = (await readFile(join(dataDir, 'cluster', 'postmaster.pid'), 'utf8')).split('\n');
  process.kill(Number(pid), 'SIGKILL');
};

it('nothing acknowledged is lost or read twice when the server is killed', async () => {
  const store = createPostgresEventStore({ pool, logger });
  const stop = new AbortController();
  const seen: string[] = [];
  const following = (async () => {
    for await (const { events } of store.subscribe({ after: 0n, signal: stop.signal }))
      seen.push(...events.map(({ id }) => id));
  })();

  // Positions that were drawn, and die with the server.
  const dying = new pg.Client({ connectionString: server.url });
  dying.on('error', () => undefined);
  await dying.connect();
  await dying.query('begin');
  await dying.query(appendQuery([toAppendItem('dying', sampleEvents(3), 'any')]));

  const acknowledged: string[] = [];
  let crashed = false;
  for (let number = 0; number < 300; number += 1) {
    const events = sampleEvents(1);
    if (number === 150) {
      await killServer();
      crashed = true;
    }
    for (let pending = true; pending;) {
      try {
        await store.append(`stream-${number % 7}`, events, 'any');
        pending = false;
      } catch (error) {
        expect(crashed).toBe(true);
        expect(error).toMatchObject({ code: 'unavailable' });
        await delay(50);
      }
    }
    acknowledged.push(...events.map(({ id }) => id));
  }

  const head = await store.head();
  while (seen.length < acknowledged.length) await delay(20);
  expect(seen).toEqual(acknowledged);
  expect(head).toBeGreaterThan(303n);
  expect(await verifyLog(store)).toEqual({ intact: true, events: 300 });
  expect(await verifyHeads(pool)).toEqual([]);
  stop.abort();
  await following;
  await store.close();
  await dying.end();
});
