import { createTestDatabase, type TestDatabase } from '@cyborgbackup/testkit';
import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { recordedEvent } from '../testing/memory-log.ts';
import { sampleModels, sampleProjection, type HostRow, type SampleEvent } from '../testing/sample-projection.ts';
import { foldEvents } from './fold-events.ts';
import { createProjectionFold } from './projection-fold.ts';
import { createTableStore } from './table-store.ts';
import { tableSql } from '../schema/table-sql.ts';

const projection = sampleProjection();
let database: TestDatabase;
let client: pg.Client;

beforeAll(async () => {
  database = await createTestDatabase();
  client = new pg.Client({ connectionString: database.adminUrl });
  await client.connect();
  // the settings of a session must not matter
  await client.query(`CREATE SCHEMA sample; SET timezone = 'Asia/Kathmandu'; SET datestyle = 'SQL, DMY'`);
  for (const model of projection.models) {
    const { createTable, createIndexes } = tableSql('sample', model);
    for (const statement of [createTable, ...createIndexes]) await client.query(statement);
  }
});

afterAll(async () => {
  await client.end();
  await database[Symbol.asyncDispose]();
});

const clear = (): Promise<unknown> => client.query('TRUNCATE sample.hosts, sample.totals, sample.entries');

const uuid = (n: number): string => `00000000-0000-4000-8000-00000000000${n}`;
const ids = fc.integer({ min: 1, max: 4 }).map(uuid);
const owners = fc.constantFrom('ann', 'bob', 'null', 'Zoë "q" \\ \'');
const text = fc.string({ unit: 'grapheme', maxLength: 8 }).map((value) => value.replaceAll('\0', ''));
const time = fc
  .tuple(fc.date({ min: new Date('1990-01-01'), max: new Date('2100-01-01'), noInvalidDate: true }), fc.nat(999))
  .map(([date, micros]) => `${date.toISOString().slice(0, -1)}${String(micros).padStart(3, '0')}Z`);
const json = fc
  .jsonValue({ maxDepth: 3, stringUnit: 'grapheme' })
  .filter((value) => !JSON.stringify(value).includes('\\u0000'));
const float = fc.double();

const host: fc.Arbitrary<HostRow> = fc.record({
  id: ids,
  name: text,
  owner: fc.option(owners),
  tags: fc.array(text, { maxLength: 3 }),
  ports: fc.array(fc.integer(), { maxLength: 3 }),
  ratio: float,
  ok: fc.boolean(),
  seen: fc.option(time),
  facts: fc.option(json),
});

const event: fc.Arbitrary<SampleEvent> = fc.oneof(
  host.map((data) => ({ type: 'host-registered', data }) as const),
  fc.record({ id: ids, name: text }).map((data) => ({ type: 'host-renamed', data }) as const),
  fc
    .record({ id: ids, bytes: fc.bigInt({ min: -(2n ** 58n), max: 2n ** 58n }).map(String), at: time })
    .map((data) => ({ type: 'host-measured', data }) as const),
  ids.map((id) => ({ type: 'host-removed', data: { id } }) as const),
  fc.record({ from: owners, to: owners }).map((data) => ({ type: 'owner-changed', data }) as const),
  owners.map((owner) => ({ type: 'owner-removed', data: { owner } }) as const),
  fc
    .record({ archive: ids, paths: fc.array(fc.oneof(owners, text), { maxLength: 4 }) })
    .map((data) => ({ type: 'archive-listed', data }) as const),
  ids.map((archive) => ({ type: 'archive-removed', data: { archive } }) as const),
  fc.record({ from: ids, to: ids }).map((data) => ({ type: 'archive-merged', data }) as const),
);

/** How the events are cut into pages, and after which of them the fold forgets its rows. */
const history = fc.array(fc.record({ page: fc.array(event, { maxLength: 12 }), write: fc.boolean() }), {
  maxLength: 8,
});

const storedRows = async (): Promise<unknown> => {
  const tables: Record<string, unknown> = {};
  for (const { table } of projection.models) {
    const { rows } = await client.query<{ row: string }>(`SELECT t::text AS row FROM sample.${table} t ORDER BY 1`);
    tables[table] = rows.map(({ row }) => row);
  }
  return tables;
};

type Pages = readonly { readonly page: readonly SampleEvent[]; readonly write: boolean }[];

const project = async (pages: Pages, empty: boolean): Promise<unknown> => {
  await clear();
  let position = 0n;
  const fold = createProjectionFold({ client, schema: 'sample', projection, empty });
  for (const { page, write } of [...pages, { page: [], write: true }]) {
    await fold.apply(page.map((one) => recordedEvent(one, (position += 1n))));
    if (!write) continue;
    await fold.write();
    fold.forget();
  }
  return storedRows();
};

test('the same events give the same rows however they are cut into pages', async () => {
  await fc.assert(
    fc.asyncProperty(history, async (pages) => {
      const events = pages.flatMap(({ page }) => page);
      const allInMemory = await project([{ page: events, write: true }], true);
      expect(await project(pages, false)).toEqual(allInMemory);
      expect(await project(pages, true)).toEqual(allInMemory);
      expect(
        await project(
          events.map((one) => ({ page: [one], write: true })),
          false,
        ),
      ).toEqual(allInMemory);
    }),
    { numRuns: 60 },
  );
});

test('rows that are still stored but removed in memory are not found again', async () => {
  const listed: SampleEvent = { type: 'archive-listed', data: { archive: uuid(1), paths: ['a', 'b'] } };
  const removed: SampleEvent = { type: 'archive-removed', data: { archive: uuid(1) } };
  const merged: SampleEvent = { type: 'archive-merged', data: { from: uuid(1), to: uuid(2) } };
  const pages: Pages = [
    { page: [listed], write: true },
    { page: [removed], write: false },
    { page: [merged], write: false },
  ];
  expect(await project(pages, false)).toMatchObject({ entries: [] });
});

const globalInt8 = (): unknown => (pg.types.getTypeParser(pg.types.builtins.INT8) as (text: string) => unknown)('1');

describe('rows come back exactly as they were written', () => {
  test('rows come back as they were written, whatever their values', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(host, { selector: ({ id }) => id }), async (rows) => {
        await clear();
        const hosts = createTableStore(client, 'sample', sampleModels.hosts);
        const events = rows.map((data, index) => recordedEvent({ type: 'host-registered', data }, BigInt(index + 1)));
        const written = foldEvents(sampleModels.hosts, events);
        await hosts.write({ purges: [], removedKeys: [], rows: written.map((row) => ({ ...row })) });
        const read = await hosts.load({ keys: rows.map(({ id }) => ({ id })), matches: [] });
        const byId = (list: readonly object[]): unknown[] => list.map((row) => JSON.stringify(row)).sort();
        expect(byId(read)).toEqual(byId(written));
        expect(read.map(({ ratio }) => ratio).sort()).toEqual(written.map(({ ratio }) => ratio).sort());
      }),
      { numRuns: 60 },
    );
  });

  test('64-bit numbers, microseconds and quotes come back exactly, without a global parser', async () => {
    await clear();
    const before = globalInt8();
    const store = createTableStore(client, 'sample', sampleModels.totals);
    const row = {
      owner: 'it\'s {"a", b} \\ \n\t€ 🦊',
      bytes: -(2n ** 63n),
      events: Number.MAX_SAFE_INTEGER,
      measured: '2026-02-28T23:59:59.999999Z',
    };
    await store.write({ purges: [], removedKeys: [], rows: [row] });
    expect(await store.load({ keys: [{ owner: row.owner }], matches: [] })).toEqual([row]);
    expect(globalInt8()).toBe(before);
    await store.write({ purges: [], removedKeys: [{ owner: row.owner }], rows: [] });
    expect(await store.load({ keys: [{ owner: row.owner }], matches: [] })).toEqual([]);
  });
});

test('tables that only grow are never read', async () => {
  await clear();
  const statements: string[] = [];
  const watched = Object.create(client, {
    query: {
      value: (query: { readonly text: string }) => {
        statements.push(query.text.slice(0, 6));
        return client.query(query);
      },
    },
  }) as pg.Client;
  const fold = createProjectionFold({ client: watched, schema: 'sample', projection, empty: false });
  const paths = Array.from({ length: 12_000 }, (_, index) => `/etc/${index}`);
  await fold.apply([
    recordedEvent({ type: 'archive-listed', data: { archive: uuid(1), paths } }, 1n),
    recordedEvent({ type: 'archive-listed', data: { archive: uuid(2), paths: ['a'] } }, 2n),
    recordedEvent({ type: 'archive-removed', data: { archive: uuid(2) } }, 3n),
  ]);
  await fold.write();
  // 12,000 rows take three statements; the removed row was in memory, but an older one may be in the table
  expect(statements).toEqual(['DELETE', 'DELETE', 'INSERT', 'INSERT', 'INSERT']);
  const { rows } = await client.query('SELECT count(*)::int AS count FROM sample.entries');
  expect(rows).toEqual([{ count: 12_000 }]);
});
