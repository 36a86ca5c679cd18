import type { DomainEvent } from '@cyborgbackup/kernel';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createHarness, type Harness } from '../testing/harness.ts';
import { createMemoryLog, plainCodec } from '../testing/memory-log.ts';
import { sampleModels, sampleProjection, type SampleEvent } from '../testing/sample-projection.ts';
import { readCheckpoint } from '../lease/checkpoint.ts';
import { compareProjection } from './compare-projection.ts';
import { listParked } from '../schema/parked-events.ts';
import { PoisonEventError } from '../fold/poison-event.ts';
import { defineProjection, type Projection, type ProjectionOptions } from '../define/projection.ts';
import { defineTable } from '../define/table.ts';
import { defineReadModel } from '../define/read-model.ts';
import { rebuildProjection } from './rebuild-projection.ts';

let harness: Harness;

beforeAll(async () => {
  harness = await createHarness();
});

afterAll(() => harness[Symbol.asyncDispose]());

const optionsFor = (projection: Projection, changes: Partial<ProjectionOptions> = {}): ProjectionOptions => ({
  pool: harness.pool,
  store: harness.store,
  codec: plainCodec,
  projection,
  owner: 'operator',
  logger: harness.logger,
  signal: new AbortController().signal,
  ...changes,
});

const uuid = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

const sampleEvents = (n: number): SampleEvent[] => [
  {
    type: 'host-registered',
    data: {
      id: uuid(n),
      name: `host-${n}`,
      owner: `owner-${n % 5}`,
      tags: [],
      ports: [22, n],
      ratio: n / 3,
      ok: n % 2 === 0,
      seen: null,
      facts: { n, kernel: '6.1' },
    },
  },
  {
    type: 'host-measured',
    data: { id: uuid(n), bytes: `${n}000000000000`, at: `2026-01-02T03:04:05.${String(n).padStart(6, '0')}Z` },
  },
  { type: 'archive-listed', data: { archive: uuid(n % 7), paths: [`/a/${n}`, `/b/${n}`, `/c/${n}`] } },
  ...(n % 4 === 0 ? [{ type: 'host-renamed', data: { id: uuid(n - 1), name: `renamed-${n}` } } as const] : []),
  ...(n % 9 === 0 ? [{ type: 'host-removed', data: { id: uuid(n - 4) } } as const] : []),
  ...(n % 11 === 0 ? [{ type: 'archive-removed', data: { archive: uuid(n % 7) } } as const] : []),
  ...(n % 13 === 0 ? [{ type: 'owner-changed', data: { from: 'owner-1', to: 'owner-2' } } as const] : []),
];

const schemas = async (like: string): Promise<string[]> => {
  const { rows } = await harness.admin.query<{ nspname: string }>(
    'SELECT nspname FROM pg_namespace WHERE nspname LIKE $1 ORDER BY 1',
    [`${like}%`],
  );
  return rows.map(({ nspname }) => nspname);
};

const indexesOf = async (schema: string): Promise<number> => {
  const { rowCount } = await harness.admin.query('SELECT 1 FROM pg_indexes WHERE schemaname = $1', [schema]);
  return rowCount ?? 0;
};

/** Another version with one column and one handler more. */
const secondVersion = (name: string): Projection => {
  interface Row {
    readonly id: string;
    readonly title: string;
    readonly renamed: number;
  }
  const titles = defineReadModel<Row, SampleEvent>(
    defineTable('titles', {
      columns: { id: 'uuid', title: 'text', renamed: 'int4' },
      key: ['id'],
      indexes: ['(title)'],
    }),
    {
      'host-registered': ({ data }, table) => table.put({ id: data.id, title: data.name.toUpperCase(), renamed: 0 }),
      'host-renamed': ({ data }, table) =>
        table.update({ id: data.id }, (row) => ({ ...row, title: data.name, renamed: row.renamed + 1 })),
    },
  );
  return defineProjection({ name, version: 2, models: [sampleModels.hosts, titles] });
};

describe('a rebuild', () => {
  test('a rebuild equals the live tables while writers, runner and readers go on', async () => {
    const projection = sampleProjection('test_busy');
    const stopping = new AbortController();
    await using runner = harness.start(projection);
    await runner.reached(await harness.append(...sampleEvents(1)));
    const write = async (first: number): Promise<bigint> => {
      let last = 0n;
      for (let n = first; !stopping.signal.aborted; n += 3) last = await harness.append(...sampleEvents(n));
      return last;
    };
    const read = async (): Promise<number> => {
      let reads = 0;
      let [hosts, position] = [0, 0n];
      while (!stopping.signal.aborted) {
        // whatever is swapped underneath: the tables are always there, and time never goes backwards
        const { rows } = await harness.pool.query<{ hosts: number; position: string }>(
          `SELECT (SELECT sum(events)::int FROM test_busy.totals) AS hosts, (SELECT position FROM projections.checkpoints WHERE name = 'test_busy')`,
        );
        expect(rows[0]!.hosts).toBeGreaterThanOrEqual(hosts);
        expect(BigInt(rows[0]!.position)).toBeGreaterThanOrEqual(position);
        [hosts, position] = [rows[0]!.hosts, BigInt(rows[0]!.position)];
        reads += 1;
      }
      return reads;
    };
    const writers = [2, 3, 4].map(write);
    const reader = read();
    const rebuilt: boolean[] = [];
    const compared: unknown[] = [];
    for (let round = 0; round < 4; round += 1) {
      await sleep(100);
      rebuilt.push(await rebuildProjection(optionsFor(projection)));
      compared.push((await compareProjection(optionsFor(projection))).differences);
    }
    stopping.abort();
    const positions = await Promise.all(writers);
    expect(await reader).toBeGreaterThan(10);
    expect(rebuilt).toEqual([true, true, true, true]);
    expect(compared).toEqual([[], [], [], []]);
    const last = positions.reduce((a, b) => (a > b ? a : b));
    await runner.reached(last);
    const comparison = await compareProjection(optionsFor(projection));
    expect(comparison).toMatchObject({ position: last, parked: 0, differences: [] });
    expect(comparison.rows).toBeGreaterThan(100);
    expect(await schemas('test_busy')).toEqual(['test_busy']);
    expect(await indexesOf('test_busy')).toBe(6);
  });

  test('a rebuild with more rows than memory gives the same tables', async () => {
    const log = createMemoryLog();
    const projection = sampleProjection('test_large');
    const paths = Array.from({ length: 100 }, (_, index) => `/usr/share/${index}`);
    const hosts = Array.from({ length: 24 }, (_, index) => index + 1);
    for (const n of hosts) {
      log.record(...sampleEvents(n), { type: 'archive-listed', data: { archive: uuid(n), paths } });
      log.record({ type: 'host-renamed', data: { id: uuid(n), name: 'x'.repeat(2_500_000) } });
    }
    log.record(
      ...hosts.flatMap(sampleEvents),
      { type: 'archive-merged', data: { from: uuid(2), to: uuid(8) } },
      { type: 'archive-removed', data: { archive: uuid(13) } },
      { type: 'owner-changed', data: { from: 'owner-2', to: 'owner-3' } },
    );
    // pages as small as a store may give, so that memory is let go of in between
    const store = { ...log.store, readAll: ({ after }: { after: bigint }) => log.store.readAll({ after, limit: 4 }) };
    const options = optionsFor(projection, { store });
    expect(await rebuildProjection(options)).toBe(true);
    // a rebuild within memory writes every row once
    const updated = `SELECT n_tup_upd > 0 AS updated FROM pg_stat_user_tables WHERE schemaname = 'test_large' AND relname = 'hosts'`;
    // counted by the backend when it ends, which may be a moment later
    await vi.waitFor(async () => expect((await harness.admin.query(updated)).rows).toEqual([{ updated: true }]), {
      timeout: 20_000,
      interval: 50,
    });
    const runner = harness.start({ ...projection, name: 'test_large_live' }, { store: log.store });
    await runner.reached(log.events.at(-1)!.position);
    await runner.stop();
    for (const { table } of projection.models) {
      const { rows } = await harness.pool.query(
        `(SELECT md5(t::text) FROM test_large.${table} t EXCEPT SELECT md5(t::text) FROM test_large_live.${table} t)
         UNION ALL (SELECT md5(t::text) FROM test_large_live.${table} t EXCEPT SELECT md5(t::text) FROM test_large.${table} t)`,
      );
      expect(rows).toEqual([]);
    }
    expect(await compareProjection(options)).toMatchObject({ differences: [] });
  });

  test('a comparison finds rows that the log does not explain', async () => {
    const log = createMemoryLog();
    const projection = sampleProjection('test_spoilt');
    const options = optionsFor(projection, { store: log.store });
    const runner = harness.start(projection, { store: log.store });
    await runner.reached(log.record(...sampleEvents(1), ...sampleEvents(2), ...sampleEvents(3)));
    await runner.stop();
    await harness.pool.query(`UPDATE test_spoilt.hosts SET ratio = 0.1 WHERE name = 'host-1'`);
    await harness.pool.query(`DELETE FROM test_spoilt.entries WHERE path = '/a/2'`);
    await harness.pool.query(`INSERT INTO test_spoilt.totals VALUES ('x', 1, 1, now())`);
    const { differences } = await compareProjection(options);
    expect(differences.map(({ table, live, rebuilt }) => [table, live === null, rebuilt === null])).toEqual([
      ['hosts', false, false],
      ['totals', false, true],
      ['entries', true, false],
    ]);
    await rebuildProjection(options);
    expect(await compareProjection(options)).toMatchObject({ differences: [] });
    expect(await schemas('test_spoilt')).toEqual(['test_spoilt']);
  });
});

describe('another version', () => {
  test('a projection of another version is rebuilt at the start, while the old tables are read; the older runner waits', async () => {
    const log = createMemoryLog();
    log.record(...sampleEvents(1), ...sampleEvents(2), ...sampleEvents(3), ...sampleEvents(4));
    const old = harness.start(sampleProjection('test_grown'), { store: log.store });
    await old.reached(log.events.at(-1)!.position);

    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const reading = Promise.withResolvers<undefined>();
    const store = {
      ...log.store,
      readAll: async (options: { after: bigint; limit: number }) => {
        reading.resolve(undefined);
        await held;
        return log.store.readAll(options);
      },
    };
    const updated = harness.start(secondVersion('test_grown'), { store, pool: harness.newPool() });
    await reading.promise;
    // the old version still serves and follows
    await old.reached(log.record(...sampleEvents(5)));
    await harness.pool.query('SELECT archive FROM test_grown.entries');
    expect(await readCheckpoint(harness.pool, 'test_grown')).toMatchObject({ version: 1 });

    release();
    const position = log.record(...sampleEvents(8));
    await updated.reached(log.record({ type: 'host-renamed', data: { id: uuid(8), name: 'last' } }));
    expect(await readCheckpoint(harness.pool, 'test_grown')).toMatchObject({ version: 2 });
    expect(position).toBeLessThan((await readCheckpoint(harness.pool, 'test_grown'))!.position);
    const { rows } = await harness.pool.query('SELECT title, renamed FROM test_grown.titles ORDER BY id');
    expect(rows.at(-1)).toEqual({ title: 'last', renamed: 1 });
    expect(await schemas('test_grown')).toEqual(['test_grown']);
    expect(await indexesOf('test_grown')).toBe(5);

    // the older runner looks at the lease every second, and must not take it back
    const fence = `SELECT version, fence FROM projections.checkpoints WHERE name = 'test_grown'`;
    const before = await harness.pool.query(fence);
    await sleep(1_500);
    expect((await harness.pool.query(fence)).rows).toEqual(before.rows);
    await updated.reached(log.record({ type: 'host-renamed', data: { id: uuid(8), name: 'later' } }));
    await updated.stop();
    // a release rolled back: no runner holds the newer tables any more
    await old.reached(log.events.at(-1)!.position);
    expect(await readCheckpoint(harness.pool, 'test_grown')).toMatchObject({ version: 1 });
    await harness.pool.query('SELECT archive FROM test_grown.entries');
    await old.stop();
  });
});

describe('poison in a rebuild', () => {
  const picky = (name: string, version: number, refused: readonly string[]): Projection =>
    defineProjection({
      name,
      version,
      models: [
        defineReadModel<{ id: string }, { type: 'made'; data: { id: string } }>(
          defineTable('things', {
            columns: { id: 'text' },
            key: ['id'],
          }),
          {
            made: ({ data }, table) => {
              if (refused.includes(data.id)) throw new Error(`no ${data.id}`);
              return table.put(data);
            },
          },
        ),
      ],
    });
  const made = (id: string): DomainEvent => ({ type: 'made', data: { id } });
  const things = async (name: string): Promise<string[]> => {
    const { rows } = await harness.pool.query<{ id: string }>(`SELECT id FROM ${name}.things ORDER BY id`);
    return rows.map(({ id }) => id);
  };

  test('a poison event stops a rebuild, and the live tables stay; what was parked before stays parked or is cured', async () => {
    const log = createMemoryLog();
    log.record(made('a'), made('b'), made('c'), made('d'));
    const live = picky('test_strict', 1, ['b', 'd']);
    const runner = harness.start(live, { store: log.store });
    await runner.reached(log.events.at(-1)!.position);
    await runner.stop();
    expect(await things('test_strict')).toEqual(['a', 'c']);

    const worse = rebuildProjection(optionsFor(picky('test_strict', 2, ['a']), { store: log.store }));
    await expect(worse).rejects.toThrow(PoisonEventError);
    expect(await things('test_strict')).toEqual(['a', 'c']);
    expect(await readCheckpoint(harness.pool, 'test_strict')).toMatchObject({ version: 1 });

    const same = optionsFor(live, { store: log.store });
    expect(await rebuildProjection(same)).toBe(true);
    expect(await listParked(harness.pool, 'test_strict')).toHaveLength(2);
    expect(await compareProjection(same)).toMatchObject({ parked: 2, differences: [] });

    expect(await rebuildProjection(optionsFor(picky('test_strict', 2, []), { store: log.store }))).toBe(true);
    expect(await things('test_strict')).toEqual(['a', 'b', 'c', 'd']);
    expect(await listParked(harness.pool, 'test_strict')).toEqual([]);
  });
});
