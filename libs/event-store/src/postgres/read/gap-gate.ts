import type { RecordedEvent } from '@cyborgbackup/kernel';
import type pg from 'pg';
import { LogWentBackError, type LogMark, type LogPage } from '../../port/event-store.ts';
import { eventColumnsWhere, toRecordedEvent, type RecordedEventRow } from './recorded-event-row.ts';

/*
 * Positions are drawn before the commit, so they become visible out of order. A reader that just remembered the highest
 * position it saw would lose events that commit late. This gate lets events through in position order, and none too early:
 *
 * Contiguous: the next row is the next position. It is let through. This is nearly always all there is to do.
 * Hole:       the next row is further on. Either a writer that still runs owns the positions between, or none does (it
 *             rolled back or crashed). The ceiling tells: the lowest epoch of all running writers, or the last position
 *             drawn when there are none (`events.ceiling()`). Nothing new can appear at or below it.
 * Blocked:    the hole begins above the ceiling. What came before the hole is handed out; the reader has to come again.
 * Resolved:   the hole begins at or below the ceiling. The rows are read AGAIN, and those up to the ceiling are let through
 *             whatever their positions, then contiguous ones.
 *
 * The order of the statements carries the proof. A commit becomes visible before its locks are released; so a writer that has no
 * lock when the ceiling is read is visible to a LATER statement. Rows read before the ceiling, or in the same snapshot, may
 * miss one. A ceiling once read holds for ever after, so it is remembered, and a rebuild does not ask again at each hole.
 * It is forgotten when a connection breaks: after a crash, numbers that only dead transactions had may be drawn again.
 *
 * A page is read together with the event before it. Should that be gone, or another one, PostgreSQL was replaced by a copy that
 * lacks what the reader has handled: the reader has to know, or it would wait for ever where the log does not reach any more.
 *
 * `pg_locks` shows the locks of the server asked: the pool must lead to the primary, never to a replica.
 */

/** It reaches to its last event, or to where it was to begin when it is empty. */
export interface GatedPage extends LogPage {
  /** There is more, behind a hole that a running writer may still fill. */
  readonly blocked: boolean;
  /** There may be more right behind it. */
  readonly isFull: boolean;
}

export interface PageRequest {
  /** Exclusive. */
  readonly after: bigint;
  /** Of the event at `after`, if the reader knows it. */
  readonly hash?: string | undefined;
  readonly limit: number;
  /** Events of other types come without data: the gate needs their positions. */
  readonly types?: readonly string[] | undefined;
}

export interface GapGate {
  /** @throws LogWentBackError */
  readPage(request: PageRequest): Promise<GatedPage>;
  /** The position up to which nothing new can appear. */
  ceiling(): Promise<bigint>;
  /** To be called whenever a connection to the database broke. */
  forgetCeiling(): void;
}

type Pool = Pick<pg.Pool, 'query'>;

export const createGapGate = (pool: Pool): GapGate => {
  let known = 0n;

  const ceiling = async (): Promise<bigint> => {
    const { rows } = await pool.query<{ ceiling: string }>('select events.ceiling()');
    const [row] = rows;
    if (!row) throw new Error('events.ceiling() returned no row');
    const value = BigInt(row.ceiling);
    if (value > known) known = value;
    return value;
  };

  /** The rows after `after` that may be let through. The ceiling is taken before they are read, never after. */
  const read = async (request: PageRequest): Promise<GatedRows & Omit<ReadRows, 'events'>> => {
    const ceilingBefore = known;
    const { events, isFull, hash } = await readRows(pool, request);
    return { ...letThrough(events, request.after, ceilingBefore), isFull, hash };
  };

  const readPage = async ({ after, hash, limit, types }: PageRequest): Promise<GatedPage> => {
    const first = await read({ after, hash, limit, types });
    const begin = { position: after, hash: first.hash };
    if (first.stoppedAfter === undefined) return pageOf(begin, first);
    if ((await ceiling()) <= first.stoppedAfter) return pageOf(begin, first);
    const { position, hash: reached } = first.events.at(-1) ?? begin;
    const second = await read({ after: position, hash: reached, limit: limit - first.events.length, types });
    return pageOf(begin, { ...second, events: [...first.events, ...second.events] });
  };

  const forgetCeiling = (): void => {
    known = 0n;
  };

  return {
    ceiling,
    forgetCeiling,
    readPage: async (request) => {
      try {
        return await readPage(request);
      } catch (error) {
        forgetCeiling();
        throw error;
      }
    },
  };
};

/**
 * What the wanted events of a page take as they are stored, which is a fraction of what they take in memory: those of an
 * archive's listing have a hundred kilobytes each. The event that goes beyond it is the page's last.
 */
const MAX_PAGE_BYTES = 2 * 1024 * 1024;

/** The event at $1 only shows that it is there. */
const WANTED = 'position > $1 and ($3::text[] is null or type = any($3::text[]))';

const READ = `
  select ${eventColumnsWhere(WANTED)}, bytes
    from (
      select e.*, sum(case when ${WANTED} then pg_column_size(e.data) else 0 end)
                    over (order by e.position rows unbounded preceding) as bytes
        from (select * from events.log where position >= $1
               order by position limit $2::int + sign($1::bigint)::int) e
    ) l join events.streams s on s.id = l.stream_id
   where bytes - case when ${WANTED} then pg_column_size(data) else 0 end < ${MAX_PAGE_BYTES}
   order by position`;

interface SizedRow extends RecordedEventRow {
  /** Of all wanted events of the page up to and with this one. */
  readonly bytes: string;
}

interface ReadRows {
  readonly events: readonly RecordedEvent[];
  /** As many as were asked for, or as large as a page may be: there may be more. */
  readonly isFull: boolean;
  /** Of the event before them. */
  readonly hash: string;
}

/**
 * Takes the event before a page out of its rows.
 * @returns its hash
 */
const takeBefore = (rows: SizedRow[], after: bigint, known: string | undefined): string => {
  const before = rows.shift();
  if (before?.position !== String(after) || (known ?? before.hash) !== before.hash) throw new LogWentBackError(after);
  return before.hash;
};

const readRows = async (pool: Pool, { after, hash: known, limit, types }: PageRequest): Promise<ReadRows> => {
  const { rows } = await pool.query<SizedRow>({
    name: 'events-read-all',
    text: READ,
    values: [after, limit, types ?? null],
  });
  const hash = after === 0n ? '' : takeBefore(rows, after, known);
  const isFull = rows.length === limit || Number(rows.at(-1)?.bytes ?? 0) >= MAX_PAGE_BYTES;
  return { events: rows.map(({ bytes: _bytes, ...row }) => toRecordedEvent(row)), isFull, hash };
};

interface GatedRows {
  readonly events: readonly RecordedEvent[];
  /** The last position before the hole that stopped the reader; undefined when all rows were let through. */
  readonly stoppedAfter: bigint | undefined;
}

/** `ceiling` must have been read before the rows were. */
const letThrough = (rows: readonly RecordedEvent[], after: bigint, ceiling: bigint): GatedRows => {
  let complete = larger(after, ceiling);
  for (const [index, { position }] of rows.entries()) {
    if (position > complete + 1n) return { events: rows.slice(0, index), stoppedAfter: complete };
    complete = larger(complete, position);
  }
  return { events: rows, stoppedAfter: undefined };
};

/**
 * A page never reaches further than its last event, though the ceiling may be higher: numbers drawn in transactions that
 * rolled back can be drawn again after a crash of the server, unless a committed event lies above them.
 */
const pageOf = (
  begin: LogMark,
  { events, stoppedAfter, isFull }: GatedRows & { readonly isFull: boolean },
): GatedPage => ({
  events,
  isFull: isFull && stoppedAfter === undefined,
  position: events.at(-1)?.position ?? begin.position,
  hash: events.at(-1)?.hash ?? begin.hash,
  blocked: stoppedAfter !== undefined,
});

/** What of a page is for a reader of these types. */
export const ofTypes = (events: readonly RecordedEvent[], types?: readonly string[]): readonly RecordedEvent[] =>
  types === undefined ? events : events.filter(({ type }) => types.includes(type));

const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b);
