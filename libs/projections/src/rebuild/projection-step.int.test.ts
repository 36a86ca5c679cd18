import type { DomainEvent } from '@cyborgbackup/kernel';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createHarness, type Harness } from '../testing/harness.ts';
import { plainCodec } from '../testing/memory-log.ts';
import { compareProjection } from './compare-projection.ts';
import { listParked } from '../schema/parked-events.ts';
import { defineProjection, type ProjectionOptions, type ProjectionStep } from '../define/projection.ts';
import { defineTable } from '../define/table.ts';
import { defineReadModel } from '../define/read-model.ts';
import { rebuildProjection } from './rebuild-projection.ts';

/*
 * Deposits are folded; a closing of the books writes each account's balance as it is then, by SQL, and resets it. So every row
 * tells whether the step saw exactly the events before it.
 */

type Event =
  | { readonly type: 'deposited'; readonly data: { readonly account: string; readonly amount: number } }
  | { readonly type: 'closed'; readonly data: { readonly book: number } };

interface Account {
  readonly account: string;
  readonly balance: number;
}

interface Balance extends Account {
  readonly book: number;
}

const accounts = defineReadModel<Account, Event>(
  defineTable('accounts', {
    columns: { account: 'text', balance: 'int4' },
    key: ['account'],
  }),
  {
    deposited: ({ data: { account, amount } }, table) =>
      table.upsert({ account }, (row) => ({ account, balance: (row?.balance ?? 0) + amount })),
  },
);

const balances = defineReadModel<Balance, never>(
  defineTable('balances', {
    columns: { account: 'text', balance: 'int4', book: 'int4' },
    key: ['account', 'book'],
    lookups: ['(book)'],
    indexes: ['(balance)'],
  }),
);

const close: ProjectionStep = async ({ client, schema }, { data }) => {
  const { book } = data as { book: number };
  await client.query(
    `insert into ${schema}.balances (account, balance, book) select account, balance / $1, $1 from ${schema}.accounts`,
    [book],
  );
  await client.query(`update ${schema}.accounts set balance = 0`);
};

const projection = defineProjection({
  name: 'test_books',
  version: 1,
  models: [accounts, balances],
  steps: { closed: close },
});

let harness: Harness;

beforeAll(async () => {
  harness = await createHarness();
});

afterAll(() => harness[Symbol.asyncDispose]());

const options = (): ProjectionOptions => ({
  pool: harness.pool,
  store: harness.store,
  codec: plainCodec,
  projection,
  owner: 'operator',
  logger: harness.logger,
  signal: new AbortController().signal,
});

const balanceRows = async (): Promise<Balance[]> =>
  (await harness.pool.query<Balance>('select account, balance, book from test_books.balances order by book, account'))
    .rows;

const deposit = (account: string, amount: number): Event => ({ type: 'deposited', data: { account, amount } });

test('a step sees what all earlier events left, live and in every replay', async () => {
  const events: DomainEvent[] = [];
  const expected: Balance[] = [];
  for (let book = 1; book <= 20; book += 1) {
    for (let n = 0; n < book % 4; n += 1) events.push(deposit('a', book), { type: 'unrelated', data: {} });
    events.push(deposit('b', book * 2), { type: 'closed', data: { book } });
    expected.push({ account: 'a', balance: book % 4, book }, { account: 'b', balance: 2, book });
  }
  // The account `a` is not there before its first deposit, in book 1.
  const position = await harness.append(...events);
  const runner = harness.start(projection);
  await runner.reached(position);
  expect(await balanceRows()).toEqual(expected);
  expect((await compareProjection(options())).differences).toEqual([]);
  await runner.stop();
  expect(await rebuildProjection(options())).toBe(true);
  expect(await balanceRows()).toEqual(expected);
});

test('an event that a step cannot digest is parked, and the others are not', async () => {
  const runner = harness.start(projection);
  const position = await harness.append(
    deposit('a', 6),
    { type: 'closed', data: { book: 0 } }, // a division by zero
    deposit('a', 4),
    { type: 'closed', data: { book: 21 } },
  );
  await runner.reached(position);
  expect(await listParked(harness.pool, 'test_books')).toMatchObject([{ type: 'closed' }]);
  expect((await balanceRows()).slice(-2)).toEqual([
    { account: 'a', balance: 0, book: 21 },
    { account: 'b', balance: 0, book: 21 },
  ]);
  expect((await compareProjection(options())).differences).toEqual([]);
  await runner.stop();
});

test('lookups are there while a rebuild fills the tables', async () => {
  const { rows } = await harness.pool.query<{ indexdef: string }>(
    `select indexdef from pg_indexes where schemaname = 'test_books' and tablename = 'balances'`,
  );
  expect(rows.map(({ indexdef }) => indexdef.replace(/.*USING /, '')).sort()).toEqual([
    'btree (account, book)',
    'btree (balance)',
    'btree (book)',
  ]);
});
