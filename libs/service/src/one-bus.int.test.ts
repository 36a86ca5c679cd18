import { createLogger } from '@cyborgbackup/kernel';
import { busIdentity, createNatsConnection, prepareJobQueue, type Connection } from '@cyborgbackup/messaging';
import { startTestDeps, startTestNats, type TestDeps, type TestNats } from '@cyborgbackup/testkit';
import pg from 'pg';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { useOneBus, type OneBus, type OneBusOptions } from './one-bus.ts';

const logger = createLogger('test', 'silent');
let site: TestDeps;
let other: TestNats;
let otherConnection: Connection;

beforeAll(async () => {
  [site, other] = await Promise.all([startTestDeps(), startTestNats()]);
  otherConnection = await createNatsConnection({ natsUrl: other.url, name: 'other', logger });
  await prepareJobQueue(otherConnection);
});
afterAll(async () => {
  await otherConnection?.close();
  await Promise.all([site?.[Symbol.asyncDispose](), other?.[Symbol.asyncDispose]()]);
});

const join = (changes: Partial<OneBusOptions> = {}): Promise<OneBus> =>
  useOneBus({
    databaseUrl: site.databaseUrl,
    name: 'second host-2',
    identity: () => busIdentity(site.deps.connection),
    logger,
    patienceMillis: 300,
    lookMillis: 20,
    ...changes,
  });
const onOther = { identity: () => busIdentity(otherConnection) };

it('lets processes share a database that share a NATS, and refuses one with another NATS', async () => {
  const second = await join();
  await expect(join({ ...onOther, name: 'third' })).rejects.toThrow(
    /^Another control plane works on this database with another NATS \(second host-2, test .*\): stop it, or give all processes the same NATS_URL/,
  );
  await second.close();
});

it('lets a process with another NATS start as soon as the others have ended, of two at once one alone', async () => {
  await using alone = await startTestDeps();
  const databaseUrl = alone.databaseUrl;
  const waiting = join({ ...onOther, databaseUrl, patienceMillis: 20_000 });
  await alone.deps.close();
  await (await waiting).close();

  const both = await Promise.allSettled(
    ['one', 'two'].map((bus) => join({ databaseUrl, identity: () => Promise.resolve(bus) })),
  );
  expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
  for (const one of both) if (one.status === 'fulfilled') await one.value.close();
});

it('knows a NATS again that was started anew, and not one that lost its storage', async () => {
  const before = await busIdentity(otherConnection);
  expect(before).toMatch(/^\d{4}-.*\.\d{6,}/);
  await other.restart();
  await otherConnection.whenConnected(10_000);
  await prepareJobQueue(otherConnection);
  expect(await busIdentity(otherConnection)).toBe(before);
  expect(await busIdentity(site.deps.connection)).not.toBe(before);
});

it('follows a NATS that lost its storage, and says so when another process does not', async () => {
  await using alone = await startTestDeps();
  const { databaseUrl } = alone;
  await alone.deps.close();
  let bus = 'old';
  const identity = (): Promise<string> => Promise.resolve(bus);
  const living = await join({ databaseUrl, identity });
  bus = 'new';
  const follower = await join({ databaseUrl, identity, patienceMillis: 20_000 });
  const stays = await join({ databaseUrl, identity: () => Promise.resolve('new'), name: 'stays' });
  expect(living.trouble()).toBeUndefined();
  bus = 'newest';
  await vi.waitUntil(() => living.trouble()?.includes('(stays)'), 5_000);
  await stays.close();
  await follower.close();
  await vi.waitUntil(() => living.trouble() === undefined, 5_000);
  await living.close();
});

it('has its lock again after its connection was lost', async () => {
  await using alone = await startTestDeps();
  const { databaseUrl } = alone;
  await alone.deps.close();
  const living = await join({ databaseUrl, identity: () => Promise.resolve('here') });
  const admin = new pg.Client({ connectionString: alone.adminUrl });
  await admin.connect();
  const sessions = "from pg_stat_activity where application_name like 'bus of %' and datname = current_database()";
  const pids = async (): Promise<number[]> =>
    (await admin.query<{ pid: number }>(`select pid ${sessions}`)).rows.map(({ pid }) => pid);
  const [lost] = await pids();
  await admin.query(`select pg_terminate_backend(pid) ${sessions}`);
  await vi.waitUntil(async () => (await pids()).some((pid) => pid !== lost), 5_000);
  await vi.waitUntil(
    () =>
      join({ databaseUrl, identity: () => Promise.resolve('elsewhere'), patienceMillis: 0 }).then(
        (one) => one.close().then(() => false),
        (error: unknown) => String(error).includes('another NATS'),
      ),
    5_000,
  );
  await living.close();
  await admin.end();
});
