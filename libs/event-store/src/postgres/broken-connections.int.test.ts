import { delay, type RecordedEvent } from '@cyborgbackup/kernel';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { collect, sampleEvent, sampleEvents, sampleStream } from '../testing/sample-events.ts';
import { openTestStore, type TestStore } from '../testing/test-store.ts';
import type { EventStore } from '../port/event-store.ts';

let test: TestStore;
beforeAll(async () => {
  test = await openTestStore();
});
afterAll(() => test[Symbol.asyncDispose]());

/** Cuts off every connection to the database but this one. */
const killBackends = (): Promise<unknown> =>
  test.admin.query(
    'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
  );

const everything = async (store: EventStore): Promise<RecordedEvent[]> => {
  const all: RecordedEvent[] = [];
  for (let after = 0n; ;) {
    const page = await store.readAll({ after, limit: 5_000 });
    if (page.events.length === 0) return all;
    all.push(...page.events);
    after = page.position;
  }
};

it('writes each append once though backends are killed in the middle of it', async () => {
  const shared = sampleStream();
  let done = false;
  const appended: string[] = [];
  const caller = async (number: number): Promise<void> => {
    const own = sampleStream();
    for (let version = 0; version < 20; version += 1) {
      const events = sampleEvents(2);
      const onShared = (number + version) % 2 === 0;
      // What a caller does who is told "unavailable": the same again.
      for (let pending = true; pending;) {
        try {
          await (onShared
            ? test.store.append(shared, events, 'any')
            : test.store.append(`${own}-${version}`, events, 'none'));
          pending = false;
        } catch (error) {
          expect(error).toMatchObject({ code: 'unavailable' });
        }
      }
      appended.push(...events.map(({ id }) => id));
    }
  };
  const killer = async (): Promise<void> => {
    while (!done) {
      await killBackends();
      await delay(40);
    }
  };
  const killing = killer();
  await Promise.all(Array.from({ length: 30 }, (_, number) => caller(number)));
  done = true;
  await killing;

  const ids = (await everything(test.store)).map(({ id }) => id);
  expect(ids.toSorted()).toEqual(appended.toSorted());
  expect(await collect(test.store.readStream(shared))).toHaveLength(600);
});

/** Refuses all connections, as while the server restarts; the returned function opens the database again. */
const shutDatabase = async (): Promise<() => Promise<void>> => {
  const url = new URL(test.adminUrl);
  const name = url.pathname.slice(1);
  url.pathname = '/postgres';
  const outside = new pg.Client({ connectionString: url.href });
  await outside.connect();
  await outside.query(`alter database ${name} allow_connections false`);
  await outside.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [name]);
  return async () => {
    await outside.query(`alter database ${name} allow_connections true`);
    await outside.end();
  };
};

it('subscriptions and appends come back after the database was away', async () => {
  const after = await test.store.head();
  const stream = sampleStream();
  await test.store.append(stream, sampleEvents(1), 'none');
  const pages = test.store.subscribe({ after, signal: AbortSignal.timeout(20_000) })[Symbol.asyncIterator]();
  expect((await pages.next()).value?.events).toMatchObject([{ stream, version: 1 }]);
  const next = pages.next();

  const reopen = await shutDatabase();
  await expect(test.store.append(stream, sampleEvents(1), 1)).rejects.toMatchObject({ code: 'unavailable' });
  expect(test.store.writeTrouble()).toMatch(/^Events cannot be written: /);
  await delay(400); // several polls fail
  await reopen();
  await test.store.append(stream, sampleEvents(1), 1);
  expect(test.store.writeTrouble()).toBeUndefined();
  expect((await next).value?.events).toMatchObject([{ stream, version: 2 }]);
  await pages.return?.();
});

it('one append that PostgreSQL refuses does not fail those that travel with it', async () => {
  const streams = Array.from({ length: 10 }, sampleStream);
  const appends = streams.map((stream, index) =>
    test.store.append(stream, [{ ...sampleEvent(), type: index === 5 ? 'nul \0 in it' : 'sample' }], 'none'),
  );
  const outcomes = (await Promise.allSettled(appends)).map(({ status }) => status);
  expect(outcomes).toEqual(streams.map((_, index) => (index === 5 ? 'rejected' : 'fulfilled')));
});

it('refuses appends once it is closed, and finishes those it has', async () => {
  const store = test.another();
  const stream = sampleStream();
  const accepted = Promise.all(Array.from({ length: 300 }, () => store.append(stream, sampleEvents(1), 'any')));
  const subscription = collect(
    store.subscribe({ after: await test.store.head(), signal: new AbortController().signal }),
  );
  await store.close();
  expect(await accepted).toHaveLength(300);
  await subscription;
  await expect(store.append(stream, sampleEvents(1), 'any')).rejects.toMatchObject({ code: 'unavailable' });
});

it('tells other processes about what was appended, and is told by them', async () => {
  const notified: bigint[] = [];
  const listeners = new Set<() => void>();
  const wakeUp = (listener: () => void): (() => void) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  };
  const here = test.another({ wakeUp, pollMillis: 60_000 });
  const there = test.another({
    onAppended: (position) => {
      notified.push(position);
      for (const listener of listeners) listener();
    },
  });
  const stream = sampleStream();
  const stop = new AbortController();
  const after = await test.store.head();
  const following = here.subscribe({ after, signal: stop.signal })[Symbol.asyncIterator]();
  const next = following.next();
  await delay(50); // long enough to be idle: the poll is a minute away
  const { position } = await there.append(stream, sampleEvents(1), 'none');
  expect(notified).toEqual([position]);
  expect((await next).value?.position).toBe(position);
  stop.abort();
  await following.next();
  expect(listeners.size).toBe(0);
});
