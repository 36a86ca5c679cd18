import {
  AppError,
  InfrastructureError,
  isDatabaseUnavailable,
  messageOf,
  type Logger,
  type NewEvent,
  type RecordedEvent,
} from '@cyborgbackup/kernel';
import type pg from 'pg';
import type {
  AppendResult,
  EventStore,
  ExpectedVersion,
  ReadAllOptions,
  ReadStreamOptions,
  SubscribeOptions,
} from '../port/event-store.ts';
import {
  appendBatch,
  toAppendItem,
  type AppendItem,
  type AppendOutcome,
  type TimedQuery,
} from './append/append-batch.ts';
import { createGapGate, ofTypes, type GapGate } from './read/gap-gate.ts';
import { createGroupCommit } from './append/group-commit.ts';
import { EVENT_COLUMNS, toRecordedEvent, type RecordedEventRow } from './read/recorded-event-row.ts';
import { followLog } from './read/subscription.ts';

const STREAM_PAGE = 500;
const DEFAULT_PAGE = 1_000;
const MAX_PAGE = 5_000;
const DEFAULT_POLL_MILLIS = 250;
/** Who has something to write has tried again by then. */
const TROUBLE_MILLIS = 30_000;
/** Longer than any healthy read of a page takes. Without it a connection that is cut off is waited for a quarter of an hour. */
const READ_TIMEOUT_MILLIS = 30_000;

export interface PostgresEventStoreOptions {
  /** Leads to the primary. Stays the caller's: `close` does not end it. Needs two connections for appends, one per reader. */
  readonly pool: pg.Pool;
  readonly logger: Logger;
  /** Told the last position of each batch after its commit, to wake readers in other processes. */
  readonly onAppended?: (position: bigint) => void;
  /** Registers a listener for "there may be something new" from other processes; returns how to unregister it. */
  readonly wakeUp?: (listener: () => void) => () => void;
  /** How often subscriptions look for new events by themselves; default: 250 ms. */
  readonly pollMillis?: number;
}

/**
 * The event store in PostgreSQL, see `installEventStore` for its tables. Appends of one process are committed in groups;
 * two appends to one stream that are not awaited one after the other may be written in either order.
 */
export const createPostgresEventStore = (options: PostgresEventStoreOptions): EventStore => {
  const { pool, logger, onAppended, wakeUp, pollMillis = DEFAULT_POLL_MILLIS } = options;
  const closing = new AbortController();
  const listeners = new Set<() => void>();
  const gate = createGapGate(pool);
  pool.on('error', gate.forgetCeiling);

  /** Of the last append, if it failed. */
  let failure: { readonly at: number; readonly reason: string } | undefined;

  /** The events are committed: nothing that goes wrong here may look like a failed append. */
  const notifyReaders = (position: bigint): void => {
    for (const listener of listeners) listener();
    try {
      onAppended?.(position);
    } catch (error) {
      logger.warn({ reason: messageOf(error) }, 'Other processes were not woken; they will see new events by polling');
    }
  };

  const execute = async (items: readonly AppendItem[]): Promise<readonly AppendOutcome[]> => {
    const outcomes = await appendBatch(pool, items).catch((error: unknown) => {
      gate.forgetCeiling();
      if (isDatabaseUnavailable(error)) failure = { at: performance.now(), reason: messageOf(error) };
      throw error;
    });
    failure = undefined;
    const positions = outcomes.flatMap((outcome) => (outcome.appended ? [outcome.position] : []));
    if (positions.length > 0) notifyReaders(positions.reduce((a, b) => (a > b ? a : b)));
    return outcomes;
  };
  const commits = createGroupCommit(execute, logger);

  const append = async (
    stream: string,
    events: readonly NewEvent[],
    expected: ExpectedVersion,
  ): Promise<AppendResult> => {
    if (closing.signal.aborted)
      throw new InfrastructureError('unavailable', 'The event store is closed: this process stops.');
    const outcome = await commits.append(toAppendItem(stream, events, expected));
    if (outcome.appended) return { version: outcome.version, position: outcome.position };
    throw new AppError(
      'version-conflict',
      `The stream ${stream} is at version ${outcome.version}, not ${expected}: read it again.`,
    );
  };

  return {
    append,
    readStream: (stream, { from = 1 }: ReadStreamOptions = {}) => readStream(pool, stream, from),
    readAll: async ({ after, limit, types }: ReadAllOptions) => {
      const { events, position, hash } = await gate.readPage({ after, limit: pageLimit(limit), types });
      return { events: ofTypes(events, types), position, hash };
    },
    subscribe: ({ after, signal, pageSize = DEFAULT_PAGE, types }: SubscribeOptions) =>
      followLog(
        { gate, logger, pollMillis, onWake: (listener) => wakeBy(listeners, wakeUp, listener) },
        { after, limit: pageLimit(pageSize), types, signal: AbortSignal.any([signal, closing.signal]) },
      ),
    head: () => readHead(pool, gate),
    hashAt: (position) => readHash(pool, position),
    writeTrouble: () =>
      failure && performance.now() - failure.at < TROUBLE_MILLIS
        ? `Events cannot be written: ${failure.reason}`
        : undefined,
    close: async () => {
      closing.abort();
      await commits.drain();
      pool.off('error', gate.forgetCeiling);
    },
  };
};

const pageLimit = (wanted: number): number => Math.min(Math.max(1, wanted), MAX_PAGE);

const wakeBy = (
  local: Set<() => void>,
  wakeUp: PostgresEventStoreOptions['wakeUp'],
  listener: () => void,
): (() => void) => {
  local.add(listener);
  const stopWakeUp = wakeUp?.(listener);
  return () => {
    local.delete(listener);
    stopWakeUp?.();
  };
};

async function* readStream(pool: pg.Pool, stream: string, from: number): AsyncGenerator<RecordedEvent, void> {
  let next = from;
  for (;;) {
    const page: TimedQuery = {
      name: 'events-read-stream',
      text: `select ${EVENT_COLUMNS} from events.streams s join events.log l on l.stream_id = s.id
             where stream = $1 and l.version >= $2 order by l.version limit $3`,
      values: [stream, next, STREAM_PAGE],
      query_timeout: READ_TIMEOUT_MILLIS,
    };
    const { rows } = await pool.query<RecordedEventRow>(page);
    for (const row of rows) yield toRecordedEvent(row);
    const last = rows.at(-1);
    if (!last || rows.length < STREAM_PAGE) return;
    next = last.version + 1;
  }
}

/** The ceiling first, the events in a later statement, for the reason given in `gap-gate.ts`. */
const readHead = async (pool: pg.Pool, gate: GapGate): Promise<bigint> => {
  const ceiling = await gate.ceiling();
  const { rows } = await pool.query<{ head: string | null }>(
    'select max(position) as head from events.log where position <= $1',
    [ceiling],
  );
  return BigInt(rows[0]?.head ?? 0);
};

const readHash = async (pool: pg.Pool, position: bigint): Promise<string | undefined> => {
  if (position === 0n) return '';
  const { rows } = await pool.query<{ hash: string }>(
    "select encode(hash, 'hex') as hash from events.log where position = $1",
    [position],
  );
  return rows[0]?.hash;
};

/**
 * The streams (at most 100) whose row does not name their last event's version and hash: events were cut off their end, or
 * added past the append function. Complements `verifyLog`, which sees the events only.
 */
export const verifyHeads = async (pool: Pick<pg.Pool, 'query'>): Promise<readonly string[]> => {
  const { rows } = await pool.query<{ stream: string }>(
    `select coalesce(s.stream, 'number ' || e.stream_id) as stream
     from events.streams s
     full join (select distinct on (stream_id) stream_id, version, hash from events.log order by stream_id, version desc) e
       on e.stream_id = s.id
     where (s.version, s.last_hash) is distinct from (e.version, e.hash)
     order by 1 limit 100`,
  );
  return rows.map(({ stream }) => stream);
};
