import type { RecordedEvent } from '@cyborgbackup/kernel';
import { delay } from '@cyborgbackup/kernel';
import type pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { sampleEvents } from '../testing/sample-events.ts';
import { openTestStore, type TestStore } from '../testing/test-store.ts';
import type { EventStore } from '../port/event-store.ts';
import { verifyLog } from '../port/verify.ts';
import { appendQuery, toAppendItem } from './append/append-batch.ts';
import { verifyHeads } from './postgres-event-store.ts';

/*
 * The worst case for readers: writers that append inside longer transactions, without an expected version, to a few hot
 * streams; some roll back, some are killed. Positions become visible long after they were drawn, and in another order.
 */
const WRITERS = 24;
const STREAMS = 40;
const MILLIS = 8_000;
const SEED = 20_240_501;

let test: TestStore;
beforeAll(async () => {
  test = await openTestStore({ pollMillis: 50 });
});
afterAll(() => test[Symbol.asyncDispose]());

/** Repeatable, so that a failure can be run again. */
const randomFrom = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
};

interface WriteCounts {
  committed: number;
  rolledBack: number;
}

/** One transaction: one to three appends with pauses between, in the order of the streams. */
const transaction = async (client: pg.ClientBase, random: () => number): Promise<number> => {
  const streams = Array.from({ length: 1 + Math.floor(random() * 3) }, () => Math.floor(random() * STREAMS)).sort(
    (a, b) => a - b,
  );
  let events = 0;
  await client.query('begin');
  for (const stream of streams) {
    const count = 1 + Math.floor(random() * 3);
    await client.query(appendQuery([toAppendItem(`hot-${stream}`, sampleEvents(count), 'any')]));
    events += count;
    if (random() < 0.3) await delay(random() * (random() < 0.05 ? 200 : 15));
  }
  return events;
};

const writer = async (number: number, until: number, written: WriteCounts): Promise<void> => {
  const random = randomFrom(SEED + number);
  let client = await test.admin.connect();
  while (Date.now() < until) {
    const events = await transaction(client, random);
    const chance = random();
    if (chance < 0.94) {
      await client.query('commit');
      written.committed += events;
    } else if (chance < 0.99) {
      await client.query('rollback');
      written.rolledBack += events;
    } else {
      // As a writer that is killed: the server notices the closed socket and rolls back.
      client.release(true);
      written.rolledBack += events;
      client = await test.admin.connect();
    }
  }
  client.release();
};

/** Reads until it has seen `total()` events, which is known only when all writers are done. */
const reader = async (store: EventStore, pageSize: number, writing: Promise<WriteCounts>): Promise<RecordedEvent[]> => {
  const stop = new AbortController();
  const seen: RecordedEvent[] = [];
  let total = Infinity;
  void writing.then(({ committed }) => {
    total = committed;
    if (seen.length >= total) stop.abort();
    // A reader that has not seen everything by then has lost something.
    else setTimeout(() => stop.abort(), 5_000).unref();
  });
  for await (const page of store.subscribe({ after: 0n, signal: stop.signal, pageSize })) {
    seen.push(...page.events);
    if (seen.length >= total) stop.abort();
  }
  return seen;
};

const writeAll = async (): Promise<WriteCounts> => {
  const written: WriteCounts = { committed: 0, rolledBack: 0 };
  const until = Date.now() + MILLIS;
  await Promise.all(Array.from({ length: WRITERS }, (_, number) => writer(number, until, written)));
  return written;
};

it(`loses and reorders nothing for three readers while ${WRITERS} writers interleave`, async () => {
  const writing = writeAll();
  const other = test.another();
  const seen = await Promise.all([
    // Two of one store, which share what they learn about the ceiling.
    reader(test.store, 1_000, writing),
    reader(test.store, 50, writing),
    reader(other, 3, writing),
  ]);
  const { committed, rolledBack } = await writing;
  expect(committed).toBeGreaterThan(1_000);
  expect(rolledBack).toBeGreaterThan(10);

  const { rows } = await test.admin.query<{ position: string }>('select position from events.events order by position');
  const truth = rows.map(({ position }) => BigInt(position));
  expect(truth).toHaveLength(committed);
  for (const events of seen) {
    expect(events.map(({ position }) => position)).toEqual(truth);
    const versions = new Map<string, number>();
    for (const { stream, version } of events) {
      expect(version).toBe((versions.get(stream) ?? 0) + 1);
      versions.set(stream, version);
    }
  }
  expect(await test.store.head()).toBe(truth.at(-1));
  expect(await verifyLog(test.store)).toEqual({ intact: true, events: committed });
  expect(await verifyHeads(test.admin)).toEqual([]);
});
