import { AppError, hasCode, type RecordedEvent } from '@cyborgbackup/kernel';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { loseEvents } from '@cyborgbackup/testkit';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createHarness, type Harness } from '../testing/harness.ts';
import { createMemoryLog, plainCodec } from '../testing/memory-log.ts';
import { readCheckpoint } from '../lease/checkpoint.ts';
import { LEASE_MILLIS } from '../lease/lease.ts';
import { listParked, parkedCount } from '../schema/parked-events.ts';
import { leaseTrouble, projectionTrouble } from '../schema/standing.ts';
import { defineProjection, type Projection } from '../define/projection.ts';
import { defineTable } from '../define/table.ts';
import { defineReadModel } from '../define/read-model.ts';

interface Counted {
  readonly type: 'counted';
  readonly data: { readonly id: string; readonly by: number };
}

interface CountRow {
  readonly id: string;
  readonly total: number;
  readonly seen: number;
}

/** Not idempotent on purpose: an event folded twice or never shows. */
const counts = defineReadModel<CountRow, Counted>(
  defineTable('counts', {
    columns: { id: 'text', total: 'safeint', seen: 'int4' },
    key: ['id'],
  }),
  {
    counted: ({ data }, table) =>
      table.upsert({ id: data.id }, (row) => {
        if (data.by === 13) throw new Error('unlucky');
        return { id: data.id, total: (row?.total ?? 0) + data.by, seen: (row?.seen ?? 0) + 1 };
      }),
  },
);

let number = 0;
const countProjection = (): Projection =>
  defineProjection({ name: `test_counting_${(number += 1)}`, version: 1, models: [counts] });

let harness: Harness;

beforeAll(async () => {
  harness = await createHarness();
});

afterAll(() => harness[Symbol.asyncDispose]());

const counted = (id: string, by: number): Counted => ({ type: 'counted', data: { id, by } });

const rowsOf = async ({ name }: Projection): Promise<unknown[]> => {
  const { rows } = await harness.pool.query<CountRow>(`SELECT id, total::int, seen FROM ${name}.counts ORDER BY id`);
  return rows;
};

const leaseOf = async ({ name }: Projection): Promise<{ owner: string | null; fence: string }> => {
  const { rows } = await harness.pool.query<{ owner: string | null; fence: string }>(
    'SELECT owner, fence FROM projections.checkpoints WHERE name = $1',
    [name],
  );
  return rows[0]!;
};

const until = async (condition: () => Promise<boolean>): Promise<void> => {
  while (!(await condition())) await sleep(10);
};

describe('following the log', () => {
  test('rows and checkpoint follow the events', async () => {
    const projection = countProjection();
    const log = createMemoryLog();
    log.record(counted('a', 1), counted('b', 2), counted('a', 3));
    await using runner = harness.start(projection, { store: log.store });
    await runner.reached(log.record(counted('a', 1)));
    expect(await rowsOf(projection)).toEqual([
      { id: 'a', total: 5, seen: 3 },
      { id: 'b', total: 2, seen: 1 },
    ]);
    expect(await readCheckpoint(harness.pool, projection.name)).toEqual({
      version: 1,
      position: log.events.at(-1)!.position,
      hash: log.events.at(-1)!.hash,
    });
  });

  test('events that do not matter move the checkpoint and nothing else, without being decoded', async () => {
    const projection = countProjection();
    const log = createMemoryLog();
    const decoded: string[] = [];
    const decodePage = async (events: readonly RecordedEvent[]): Promise<readonly RecordedEvent[]> => {
      decoded.push(...events.map(({ type }) => type));
      return events;
    };
    await using runner = harness.start(projection, { store: log.store, codec: { ...plainCodec, decodePage } });
    await runner.reached(log.record({ type: 'else', data: {} }, counted('a', 1), { type: 'else', data: {} }));
    await runner.reached(log.record({ type: 'else', data: {} }));
    expect(decoded).toEqual(['counted']);
  });

  test('a stopped runner gives the lease back, and the next one goes on at once', async () => {
    const projection = countProjection();
    const log = createMemoryLog();
    const first = harness.start(projection, { store: log.store });
    await first.reached(log.record(counted('a', 1)));
    await first.stop();
    expect(await leaseOf(projection)).toMatchObject({ owner: null });
    const started = performance.now();
    await using second = harness.start(projection, { store: log.store });
    await second.reached(log.record(counted('a', 1)));
    expect(performance.now() - started).toBeLessThan(1_000);
    expect(await rowsOf(projection)).toEqual([{ id: 'a', total: 2, seen: 2 }]);
  });

  test('the reader role reads the tables and cannot write them; the application role cannot touch the log', async () => {
    const projection = countProjection();
    await using _runner = harness.start(projection);
    await until(async () => (await readCheckpoint(harness.pool, projection.name)) !== undefined);
    const client = await harness.admin.connect();
    try {
      await client.query('SET ROLE cyborgbackup_reader');
      await client.query(`SELECT * FROM ${projection.name}.counts`);
      await client.query('SELECT * FROM projections.checkpoints');
      await expect(client.query(`DELETE FROM ${projection.name}.counts`)).rejects.toThrow('permission denied');
      await expect(client.query('DELETE FROM projections.parked_events')).rejects.toThrow('permission denied');
    } finally {
      client.release(true);
    }
    await expect(harness.pool.query('ALTER SCHEMA events RENAME TO mine')).rejects.toThrow('must be owner');
    await expect(harness.pool.query('DELETE FROM events.log')).rejects.toThrow('permission denied');
  });
});

describe('failures', () => {
  test('killed backends at every moment neither lose nor repeat an event', async () => {
    const projection = countProjection();
    const log = createMemoryLog();
    await using runner = harness.start(projection, { store: log.store, pool: harness.newPool('victim') });
    for (let round = 0; round < 6; round += 1) {
      const before = log.record(counted('a', 1));
      await runner.reached(before);
      log.record(...Array.from({ length: 200 }, (_, index) => counted(`k${index}`, 1)));
      await sleep(Math.random() * 8);
      const { rowCount } = await harness.admin.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE datname = current_database() AND application_name = 'victim'`,
      );
      expect(rowCount).toBeGreaterThan(0);
    }
    await runner.reached(log.events.at(-1)!.position);
    const { rows } = await harness.pool.query(
      `SELECT sum(total)::int AS total, sum(seen)::int AS seen FROM ${projection.name}.counts`,
    );
    expect(rows).toEqual([{ total: log.events.length, seen: log.events.length }]);
    expect(await parkedCount(harness.pool)).toBe(0);
  });

  test('a transaction cut off between rows and checkpoint leaves neither', async () => {
    const projection = countProjection();
    const log = createMemoryLog();
    const first = harness.start(projection, { store: log.store });
    const before = log.record(counted('a', 1));
    await first.reached(before);
    // a lock on the checkpoint holds the next transaction right behind its rows
    const blocker = await harness.admin.connect();
    await blocker.query('BEGIN');
    await blocker.query('SELECT 1 FROM projections.checkpoints WHERE name = $1 FOR UPDATE', [projection.name]);
    const position = log.record(counted('a', 1));
    const waiting = `SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query ILIKE '%SET position%'`;
    await until(async () => (await harness.admin.query(waiting)).rowCount === 1);
    await harness.admin.query(`SELECT pg_terminate_backend(pid) FROM (${waiting}) AS waiting`);
    await until(async () => (await harness.admin.query(waiting)).rowCount === 0);
    expect(await rowsOf(projection)).toEqual([{ id: 'a', total: 1, seen: 1 }]);
    expect(await readCheckpoint(harness.pool, projection.name)).toMatchObject({ position: before });
    await blocker.query('COMMIT');
    blocker.release();
    await first.reached(position);
    expect(await rowsOf(projection)).toEqual([{ id: 'a', total: 2, seen: 2 }]);
    await first.stop();
  });

  test('a store and a codec that fail are tried again', async () => {
    const projection = countProjection();
    const log = createMemoryLog();
    let failures = 3;
    await using runner = harness.start(projection, {
      store: {
        ...log.store,
        subscribe: (options) => {
          if (failures > 1 && failures-- > 0) throw new Error('the store is away');
          return log.store.subscribe(options);
        },
      },
      codec: {
        ...plainCodec,
        decodePage: async (events) => {
          if (failures-- > 0) throw new AppError('unavailable', 'The keys cannot be read');
          return events;
        },
      },
    });
    await runner.reached(log.record(counted('a', 1)));
    expect(failures).toBeLessThan(1);
    expect(await rowsOf(projection)).toEqual([{ id: 'a', total: 1, seen: 1 }]);
    expect(await listParked(harness.pool, projection.name)).toEqual([]);
  });

  test('tables that hold what the log has lost are rebuilt, by the runner that has written them and by the next one', async () => {
    const projection = countProjection();
    const error = vi.spyOn(harness.logger, 'error');
    const kept = await harness.append(counted('kept', 1));
    const first = harness.start(projection);
    await first.reached(await harness.append(counted('lost', 1)));
    await loseEvents(harness.adminUrl, kept);
    await until(async () => (await rowsOf(projection)).length === 1);
    expect(error.mock.calls.map(([, message]) => message)).toEqual([
      expect.stringContaining('The event log went back'),
      expect.stringContaining('are not right'),
    ]);
    error.mockRestore();
    await first.reached(await harness.append(counted('lost', 1)));
    await first.stop();

    // While nobody looks, other events take the positions of those that are lost.
    await loseEvents(harness.adminUrl, kept);
    await harness.append(counted('regrown', 1));
    await using second = harness.start(projection);
    await second.reached(await harness.append(counted('after', 1)));
    const one = { total: 1, seen: 1 };
    const rows = ['after', 'kept', 'regrown'].map((id) => ({ id, ...one }));
    expect(await rowsOf(projection)).toEqual(rows);
  });

  test('a missing table, or all of them, is not the fault of events: they are built anew', async () => {
    const projection = countProjection();
    const log = createMemoryLog();
    await using runner = harness.start(projection, { store: log.store });
    await runner.reached(log.record(counted('a', 1)));
    await harness.admin.query(`ALTER TABLE ${projection.name}.counts DROP COLUMN seen`);
    await runner.reached(log.record(counted('a', 2)));
    expect(await rowsOf(projection)).toEqual([{ id: 'a', total: 3, seen: 2 }]);
    await harness.admin.query(`DROP SCHEMA ${projection.name} CASCADE`);
    await runner.reached(log.record(counted('a', 3)));
    expect(await rowsOf(projection)).toEqual([{ id: 'a', total: 6, seen: 3 }]);
    expect(await listParked(harness.pool, projection.name)).toEqual([]);
  });
});

describe('poison', () => {
  test('an event that cannot be folded, stored or decoded is parked alone, and the rest goes on', async () => {
    const projection = countProjection();
    const log = createMemoryLog();
    log.record(...Array.from({ length: 50 }, () => counted('a', 1)));
    log.record(counted('a', 13)); // the fold throws
    log.record(...Array.from({ length: 50 }, () => counted('a', 1)));
    log.record(counted('a', 0.5)); // no integer
    log.record(counted('b', 99)); // the database refuses it
    log.record(counted('b', 77)); // does not decode
    const position = log.record(counted('b', 2));
    const parkedEvents = [50, 101, 102, 103].map((index) => log.events[index]!);
    await using runner = harness.start(projection, {
      store: {
        ...log.store,
        async *subscribe(options) {
          await harness.admin.query(`ALTER TABLE ${projection.name}.counts DROP CONSTRAINT IF EXISTS small`);
          await harness.admin.query(
            `ALTER TABLE ${projection.name}.counts ADD CONSTRAINT small CHECK (id = 'a' OR total < 50)`,
          );
          yield* log.store.subscribe(options);
        },
      },
      codec: {
        ...plainCodec,
        decode: async (event) => {
          if ((event as RecordedEvent<Counted>).data.by === 77) throw new AppError('internal', 'altered');
          return event;
        },
        decodePage: async (events) => {
          if (events.some((event) => (event as RecordedEvent<Counted>).data.by === 77))
            throw new AppError('internal', 'altered');
          return events;
        },
      },
    });
    await runner.reached(position);
    expect(await rowsOf(projection)).toEqual([
      { id: 'a', total: 100, seen: 100 },
      { id: 'b', total: 2, seen: 1 },
    ]);
    const parked = await listParked(harness.pool, projection.name);
    expect(parked.map((one) => one.position)).toEqual(parkedEvents.map((one) => one.position));
    expect(parked.map(({ error }) => error)).toEqual([
      expect.stringContaining('unlucky'),
      expect.stringContaining('total (safeint)'),
      expect.stringContaining('small'),
      expect.stringContaining('altered'),
    ]);
    expect(await parkedCount(harness.pool)).toBe(4);
    await harness.pool.query('DELETE FROM projections.parked_events');
  });
});

test('tables are told from the outside to be right, or what they lack', async () => {
  const projection = countProjection();
  const log = createMemoryLog();
  const trouble = (store = log.store) => projectionTrouble({ pool: harness.pool, store }, projection);
  expect(await trouble()).toMatch(/no tables yet/);
  const runner = harness.start(projection, { store: log.store });
  await runner.reached(log.record(counted('a', 1)));
  expect(await trouble()).toBeUndefined();
  expect(await trouble(createMemoryLog().store)).toMatch(/hold events that the log has lost/);
  await harness.admin.query(`ALTER TABLE ${projection.name}.counts DROP COLUMN seen`);
  await runner.stop();
  expect(await trouble()).toMatch(/lacks the column \w+\.counts\.seen\. No process keeps the tables up to date/);
  expect(await leaseTrouble(harness.pool, projection.name)).toMatch(/No process does this now/);
});

describe('ownership', () => {
  test('the second runner waits, and takes over when the first is gone without a word', async () => {
    const projection = countProjection();
    const log = createMemoryLog();
    // the first one freezes in the middle of a page, and its lease runs out
    let thaw = (): void => undefined;
    const frozen = new Promise<void>((resolve) => (thaw = resolve));
    let freezing = false;
    const firstPool = harness.newPool();
    const first = harness.start(projection, {
      store: log.store,
      pool: new Proxy(firstPool, {
        get: (target, property) => {
          const value: unknown = Reflect.get(target, property, target);
          if (property !== 'query' || typeof value !== 'function')
            return typeof value === 'function' ? (value.bind(target) as unknown) : value;
          // renewals of a frozen process do not come through either
          return async (...args: readonly unknown[]) => {
            if (freezing) await frozen;
            return value.apply(target, args) as unknown;
          };
        },
      }),
      codec: {
        ...plainCodec,
        decodePage: async (events) => {
          if (freezing) await frozen;
          return events;
        },
      },
    });
    await first.reached(log.record(counted('a', 1)));
    await using second = harness.start(projection, { store: log.store });
    expect(await leaseOf(projection)).toMatchObject({ owner: first.owner });

    freezing = true;
    const position = log.record(counted('a', 10));
    const started = performance.now();
    await second.reached(position);
    const took = performance.now() - started;
    expect(took).toBeGreaterThan(LEASE_MILLIS / 2);
    expect(took).toBeLessThan(10_000);
    expect(await leaseOf(projection)).toMatchObject({ owner: second.owner });

    // back to life, it tries to write the page it had in hand, is refused, and goes back to waiting
    freezing = false;
    thaw();
    await second.reached(log.record(counted('a', 100)));
    await sleep(100);
    expect(await rowsOf(projection)).toEqual([{ id: 'a', total: 111, seen: 3 }]);
    expect(await leaseOf(projection)).toMatchObject({ owner: second.owner });

    await second.stop();
    await first.reached(log.record(counted('a', 1_000)));
    expect(await rowsOf(projection)).toEqual([{ id: 'a', total: 1_111, seen: 4 }]);
    await first.stop();
  });

  test('of many that start together one works, and nothing is folded twice', async () => {
    const projection = countProjection();
    const log = createMemoryLog();
    log.record(...Array.from({ length: 500 }, () => counted('a', 1)));
    const runners = Array.from({ length: 4 }, () =>
      harness.start(projection, { store: log.store, pool: harness.newPool() }),
    );
    await Promise.race(runners.map((runner) => runner.reached(log.events.at(-1)!.position)));
    expect(await leaseOf(projection)).toMatchObject({ fence: '1' });
    await Promise.all(runners.map((runner) => runner.stop()));
    expect(await rowsOf(projection)).toEqual([{ id: 'a', total: 500, seen: 500 }]);
    expect(await leaseOf(projection)).toMatchObject({ owner: null });
  });

  test('a schema that is no projection’s is not touched', async () => {
    await harness.admin.query('CREATE SCHEMA test_taken');
    const projection = defineProjection({ name: 'test_taken', version: 1, models: [counts] });
    const { ensureProjection } = await import('../schema/ensure-projection.ts');
    await expect(ensureProjection(harness.pool, projection)).rejects.toSatisfy((error) => hasCode(error, 'conflict'));
  });
});

test('pg is not taught anything that would last', () => {
  const parse = pg.types.getTypeParser(pg.types.builtins.INT8) as (text: string) => unknown;
  expect(parse('1')).toBe('1');
});
