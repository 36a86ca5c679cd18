import { AppError, type NewEvent } from '@cyborgbackup/kernel';
import type pg from 'pg';
import type { ExpectedVersion } from '../../port/event-store.ts';
import { eventText } from '../../port/hash-chain.ts';
import { toColumns } from '../metadata-columns.ts';

/** One append, ready to be sent. */
export interface AppendItem {
  readonly stream: string;
  readonly expected: number;
  readonly ids: readonly string[];
  readonly types: readonly string[];
  readonly schemaVersions: readonly number[];
  readonly data: readonly string[];
  readonly metadata: readonly ReturnType<typeof toColumns>[];
  readonly contentHashes: readonly Buffer[];
  /** Length of all text in it, roughly what it takes on the wire. */
  readonly size: number;
}

/** A conflict is an outcome, not an error: the rest of the batch is written. */
export type AppendOutcome =
  | { readonly appended: true; readonly version: number; readonly position: bigint }
  | { readonly appended: false; readonly version: number };

export const MAX_EVENTS = 500;
/** As PostgreSQL writes it: any other spelling would be hashed, but not read back. */
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** Of all events of one append, their metadata included: characters as `canonicalJson` writes them. */
export const MAX_APPEND_CHARACTERS = 16 * 1024 * 1024;

/** How the append function is told an expectation that is not a version. */
const EXPECTED_CODES = { any: -1, none: 0, exists: -2 } as const;

const expectedCode = (expected: ExpectedVersion): number =>
  typeof expected === 'number' ? expected : EXPECTED_CODES[expected];

/** Versions are PostgreSQL integers. */
const isExpectation = (expected: ExpectedVersion): boolean =>
  typeof expected !== 'number' || (Number.isInteger(expected) && expected >= 0 && expected < 2 ** 31);

/** @throws AppError `internal` for a stream name, version, event id, number or size of events that cannot be */
export const toAppendItem = (stream: string, events: readonly NewEvent[], expected: ExpectedVersion): AppendItem => {
  refuseUnless(/^[!-~]{1,200}$/.test(stream), 'A stream name has 1 to 200 printable ASCII characters and no blanks.');
  refuseUnless(events.length >= 1 && events.length <= MAX_EVENTS, `An append has 1 to ${MAX_EVENTS} events.`);
  refuseUnless(isExpectation(expected), 'An expected version is a whole number from 0.');
  refuseUnless(
    events.every(({ id }) => UUID.test(id)),
    'An event id is a lower-case uuid.',
  );
  const texts = events.map((event) => eventText(stream, event));
  const size = texts.reduce((sum, { data, metadata }) => sum + data.length + metadata.length, 0);
  refuseUnless(size <= MAX_APPEND_CHARACTERS, `An append has at most ${MAX_APPEND_CHARACTERS} characters of data.`);
  return {
    stream,
    expected: expectedCode(expected),
    ids: events.map((event) => event.id),
    types: events.map((event) => event.type),
    schemaVersions: events.map((event) => event.schemaVersion),
    data: texts.map((text) => text.data),
    metadata: events.map((event) => toColumns(event.metadata)),
    contentHashes: texts.map((text) => text.contentHash),
    size,
  };
};

const refuseUnless = (condition: boolean, message: string): void => {
  if (!condition) throw new AppError('internal', message);
};

interface OutcomeRow {
  readonly item: number;
  readonly appended: boolean;
  readonly version: number;
  readonly position: string | null;
}

/** Longer than any healthy append takes; after it the connection is given up, and the outcome is unknown. */
const QUERY_TIMEOUT_MILLIS = 30_000;

/** Writes a batch in one statement and transaction. The outcomes come in the items' order. */
export const appendBatch = async (
  pool: Pick<pg.Pool, 'query'>,
  items: readonly AppendItem[],
): Promise<readonly AppendOutcome[]> => {
  // All writers lock streams in the same order, so that two batches cannot wait for each other.
  const order = [...items.keys()].sort((a, b) => compareText(items[a]?.stream, items[b]?.stream));
  const sorted = order.flatMap((index) => items[index] ?? []);
  const { rows } = await pool.query<OutcomeRow>(appendQuery(sorted));
  const outcomes = new Map(rows.map((row) => [order[row.item - 1], toOutcome(row)]));
  return items.map((_, index) => {
    const outcome = outcomes.get(index);
    if (!outcome) throw new Error('events.append() left out an item');
    return outcome;
  });
};

/** node-pg takes a time-out per query, which its type declarations leave out. */
export type TimedQuery = pg.QueryConfig & { readonly query_timeout: number };

/** The items must be in the order of their streams. */
export const appendQuery = (items: readonly AppendItem[]): TimedQuery => ({
  name: 'events-append',
  text: 'select item, appended, version, position from events.append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)',
  values: [
    items.map((item) => item.stream),
    items.map((item) => item.expected),
    items.map((item) => item.ids.length),
    items.flatMap((item) => item.ids),
    items.flatMap((item) => item.types),
    items.flatMap((item) => item.schemaVersions),
    items.flatMap((item) => item.data),
    items.flatMap((item) => item.contentHashes),
    ...(['actor', 'correlation', 'occurred_at', 'metadata'] as const).map((column) =>
      items.flatMap((item) => item.metadata.map((columns) => columns[column])),
    ),
  ],
  query_timeout: QUERY_TIMEOUT_MILLIS,
});

const compareText = (a = '', b = ''): number => {
  if (a === b) return 0;
  return a < b ? -1 : 1;
};

const toOutcome = ({ appended, version, position }: OutcomeRow): AppendOutcome =>
  appended && position !== null ? { appended, version, position: BigInt(position) } : { appended: false, version };
