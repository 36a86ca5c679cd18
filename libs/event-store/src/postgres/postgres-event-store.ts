import { AppError, messageOf, type Logger, type NewEvent, type RecordedEvent } from '@cyborgbackup/kernel';
import type pg from 'pg';
import type { AppendResult, EventStore, ExpectedVersion, ReadAllOptions, ReadStreamOptions } from '../event-store.ts';
import { appendBatch, toAppendItem } from './append-batch.ts';
import { createGapGate, type GapGate } from './gap-gate.ts';
import { createGroupCommit } from './group-commit.ts';
import { EVENT_COLUMNS, toRecordedEvent, type RecordedEventRow } from './recorded-event-row.ts';
import { followLog } from './subscription.ts';

const STREAM_PAGE = 500;
const MAX_PAGE = 5_000;
const DEFAULT_POLL_MILLIS = 250;

export interface PostgresEventStoreOptions {
  /** Leads to the primary. Stays the caller's: `close` does not end it. Needs two connections for appends, one per reader. */
  readonly pool: pg.Pool;
  readonly logger: Logger;
  /** Told the last position of each batch after its commit, to wake readers in other processes. */
  readonly onAppended?: (position: bigint) => void;
  /** Registers a listener for "there may be something new" from other processes; returns how to unregister it. */
  readonly wakeUp?: (listener: () => void) => () => void;
  /** How often subscriptions look for new events by themselves; 250 ms unless told. */
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
  // An idle connection that breaks is an event of the pool, and would end the process if nobody listened.
  if (pool.listenerCount('error') === 0) {
    pool.on('error', (error) => {
      logger.warn({ reason: error.message }, 'A database connection was lost; the next query makes another one');
    });
  }

  /** The events are committed: nothing that goes wrong here may look like a failed append. */
  const announce = (position: bigint): void => {
    for (const listener of listeners) listener();
    try {
      onAppended?.(position);
    } catch (error) {
      logger.warn({ reason: messageOf(error) }, 'Other processes were not woken; they will see new events by polling');
    }
  };

  const commits = createGroupCommit({
    execute: async (items) => {
      const outcomes = await appendBatch(pool, items);
      const last = outcomes.reduce(
        (max, outcome) => (outcome.appended && outcome.position > max ? outcome.position : max),
        0n,
      );
      if (last > 0n) announce(last);
      return outcomes;
    },
    logger,
  });

  const append = async (
    stream: string,
    events: readonly NewEvent[],
    expected: ExpectedVersion,
  ): Promise<AppendResult> => {
    if (closing.signal.aborted)
      throw new AppError('unavailable', 'The event store is closed: this process is stopping.');
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
    readAll: async ({ after, limit }: ReadAllOptions) => {
      const { events, position } = await gate.readPage({ after, limit: Math.min(Math.max(1, limit), MAX_PAGE) });
      return { events, position };
    },
    subscribe: (subscribeOptions) =>
      followLog(
        { gate, logger, pollMillis, onWake: (listener) => wakeBy(listeners, wakeUp, listener) },
        { ...subscribeOptions, signal: AbortSignal.any([subscribeOptions.signal, closing.signal]) },
      ),
    head: () => readHead(pool, gate),
    close: async () => {
      closing.abort();
      await commits.drain();
    },
  };
};

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
    const { rows } = await pool.query<RecordedEventRow>({
      name: 'events-read-stream',
      text: `select ${EVENT_COLUMNS} from events.events where stream = $1 and version >= $2 order by version limit $3`,
      values: [stream, next, STREAM_PAGE],
    });
    for (const row of rows) yield toRecordedEvent(row);
    if (rows.length < STREAM_PAGE) return;
    next += STREAM_PAGE;
  }
}

/** The ceiling first, the events in a later statement, for the reason given in `gap-gate.ts`. */
const readHead = async (pool: pg.Pool, gate: GapGate): Promise<bigint> => {
  const ceiling = await gate.ceiling();
  const { rows } = await pool.query<{ head: string | null }>(
    'select max(position) as head from events.events where position <= $1',
    [ceiling],
  );
  return BigInt(rows[0]?.head ?? 0);
};
