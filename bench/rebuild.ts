/**
 * How fast a projection follows the log: from behind (`catchUp`), from nothing (`rebuild`: all rows fit in memory;
 * `rebuildLarge`: they do not), and event by event, from the append to the end of a wait for the checkpoint
 * (`readYourWrites`). Every page touches about as many rows as it has events, the worst case for folding in memory.
 */
import { asService } from '@cyborgbackup/database';
import { createPostgresEventStore, type EventCodec, type EventStore } from '@cyborgbackup/event-store';
import type { DomainEvent, Logger } from '@cyborgbackup/kernel';
import {
  createProjectionWaiter,
  defineProjection,
  defineReadModel,
  rebuildProjection,
  runProjection,
  type Projection,
} from '@cyborgbackup/projections';
import { defineTable } from '@cyborgbackup/projections/define';
import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { withBenchDatabase } from './bench-database.ts';
import type { Figures } from './budget.ts';
import { percentile } from './load.ts';

const EVENTS = 300_000;
const HOSTS = 30_000;
const ROUNDS = 500;

interface HostRow {
  readonly id: string;
  readonly name: string;
  readonly runs: number;
  readonly bytes: bigint;
  readonly seen: string;
  readonly note: string | null;
  readonly facts: unknown;
}

interface Measured extends DomainEvent {
  readonly type: 'measured';
  readonly data: { readonly id: string; readonly name: string; readonly bytes: number; readonly facts: unknown };
}

const hosts = defineReadModel<HostRow, Measured>(
  defineTable('hosts', {
    columns: {
      id: 'uuid',
      name: 'text',
      runs: 'int4',
      bytes: 'int8',
      seen: 'timestamptz',
      note: 'text?',
      facts: 'jsonb',
    },
    key: ['id'],
    indexes: ['(name)', '(seen DESC)'],
  }),
  {
    measured: ({ data, metadata }, table) =>
      table.upsert({ id: data.id }, (row) => ({
        id: data.id,
        name: data.name,
        runs: (row?.runs ?? 0) + 1,
        bytes: (row?.bytes ?? 0n) + BigInt(data.bytes),
        seen: metadata.occurredAt,
        note: null,
        facts: data.facts,
      })),
  },
);

const samples = defineReadModel<{ position: bigint; id: string; bytes: number }, Measured>(
  defineTable('samples', {
    columns: { position: 'int8', id: 'uuid', bytes: 'safeint' },
    key: ['position'],
    indexes: ['(id, position)'],
  }),
  {
    measured: ({ data, position }, table) => table.put({ position, id: data.id, bytes: data.bytes }),
  },
);

const plainCodec: EventCodec = {
  encode: () => Promise.reject(new Error('This bench appends what it wants')),
  decode: (event) => Promise.resolve(event),
  decodePage: (events) => Promise.resolve(events),
};

/** Straight into the log's tables: appending is measured elsewhere. Multiplying by a prime spreads the hosts. */
const fillLog = async (admin: pg.Pool): Promise<void> => {
  await admin.query(
    `WITH stream AS (INSERT INTO events.streams (stream, version, last_hash) VALUES ('bench', $1, '\\x00') RETURNING id)
     INSERT INTO events.log (position, occurred_at, stream_id, version, schema_version, id, correlation, type, actor, hash, metadata, data)
     SELECT n, '2026-01-02T03:04:05.123456Z', stream.id, n, 1, gen_random_uuid(), gen_random_uuid(), 'measured', 'bench', '\\x00', '{}',
            json_build_object('id', md5((n * 7919 % $2::bigint)::text)::uuid, 'name', 'host-' || n * 7919 % $2::bigint || '.example.org',
                              'bytes', n * 1000, 'facts', json_build_object('kernel', '6.1.0', 'arch', 'x86_64', 'n', n))
       FROM stream, generate_series(1, $1::bigint) AS n`,
    [EVENTS, HOSTS],
  );
  await admin.query(`SELECT setval('events.positions', $1)`, [EVENTS]);
  await admin.query('VACUUM ANALYZE events.log, events.streams');
};

interface Bench {
  readonly pool: pg.Pool;
  readonly store: EventStore;
  readonly logger: Logger;
}

const rate = (startedAt: number): number => Math.round((EVENTS / (performance.now() - startedAt)) * 1_000);

const measureCatchUp = async (bench: Bench, projection: Projection): Promise<number> => {
  const stopping = new AbortController();
  const startedAt = performance.now();
  const running = runProjection({
    ...bench,
    codec: plainCodec,
    projection,
    owner: randomUUID(),
    signal: stopping.signal,
    onCheckpoint: (position) => {
      if (position >= BigInt(EVENTS)) stopping.abort();
    },
  });
  await running;
  return rate(startedAt);
};

const measureRebuild = async (bench: Bench, projection: Projection): Promise<number> => {
  const signal = new AbortController().signal;
  const startedAt = performance.now();
  await rebuildProjection({ ...bench, codec: plainCodec, projection, owner: randomUUID(), signal });
  return rate(startedAt);
};

const measureReadYourWrites = async (bench: Bench, projection: Projection): Promise<Figures> => {
  const stopping = new AbortController();
  const running = runProjection({
    ...bench,
    codec: plainCodec,
    projection,
    owner: randomUUID(),
    signal: stopping.signal,
  });
  const waiter = createProjectionWaiter(bench);
  const metadata = {
    actor: { kind: 'system', id: 'bench' },
    correlationId: 'c',
    causationId: 'c',
    occurredAt: '2026-01-02T03:04:05.123456Z',
  } as const;
  const waits: number[] = [];
  for (let round = -50; round < ROUNDS; round += 1) {
    const data = { id: randomUUID(), name: `new-${round}`, bytes: round, facts: {} };
    const event = { id: randomUUID(), type: 'measured', schemaVersion: 1, data, metadata };
    const { position } = await bench.store.append(`host-${data.id}`, [event], 'none');
    const startedAt = performance.now();
    await waiter.waitForProjections([projection.name], position, 5_000);
    if (round >= 0) waits.push(performance.now() - startedAt);
  }
  stopping.abort();
  await running;
  waits.sort((a, b) => a - b);
  return { readYourWritesP50Millis: percentile(waits, 0.5), readYourWritesP99Millis: percentile(waits, 0.99) };
};

const measureAll = async (bench: Bench): Promise<Figures> => {
  const small = defineProjection({ name: 'executor_hosts', version: 1, models: [hosts] });
  const large = defineProjection({ name: 'executor_all', version: 1, models: [hosts, samples] });
  return {
    catchUpEventsPerSecond: await measureCatchUp(bench, small),
    catchUpLargeEventsPerSecond: await measureCatchUp(bench, large),
    rebuildEventsPerSecond: await measureRebuild(bench, small),
    rebuildLargeEventsPerSecond: await measureRebuild(bench, large),
    ...(await measureReadYourWrites(bench, small)),
  };
};

export const run = (): Promise<Figures> =>
  withBenchDatabase(async ({ logger, admin, open }) => {
    await fillLog(admin);
    const pool = open(asService('executor'));
    const store = createPostgresEventStore({ pool, logger });
    try {
      return await measureAll({ pool, store, logger });
    } finally {
      await store.close();
    }
  });
