import type { LogPage } from '@cyborgbackup/event-store';
import type { ClientBase } from 'pg';
import { createProjectionFold } from '../fold/projection-fold.ts';
import { eventTypesOf, type ProjectionOptions } from '../define/projection.ts';
import { analyse, createIndexes } from '../schema/projection-schema.ts';
import { delay, type RecordedEvent } from '@cyborgbackup/kernel';
import { decodeEvents } from '../fold/decode-events.ts';

/** The largest page that a store gives. */
const PAGE_SIZE = 5_000;

/** How long to wait before reading again behind a gap in the log that a running writer may still fill. */
const GAP_MILLIS = 5;

/**
 * Folds the log from after one position to another, both given; the next page is read and decoded while this one is
 * folded. It ends exactly at `to`.
 */
const replayLog = async (
  { store, codec, projection, signal }: ProjectionOptions,
  { after, to, skipped }: { readonly after: bigint; readonly to: bigint; readonly skipped: ReadonlySet<bigint> },
  applyPage: (events: readonly RecordedEvent[], position: bigint) => Promise<void>,
): Promise<void> => {
  const types = eventTypesOf(projection);

  const readPage = async (from: bigint): Promise<Pick<LogPage, 'events' | 'position'>> => {
    const page = await store.readAll({ after: from, limit: PAGE_SIZE, types: [...types] });
    const relevant = page.events.filter(
      ({ type, position }) => types.has(type) && position <= to && !skipped.has(position),
    );
    const position = page.position < to ? page.position : to;
    return { events: await decodeEvents(codec, relevant), position };
  };

  let reached = after;
  let next = reached < to ? readPage(reached) : undefined;
  while (next) {
    const page = await next;
    signal.throwIfAborted();
    if (page.position === reached) await delay(GAP_MILLIS, signal);
    reached = page.position;
    next = reached < to ? readPage(reached) : undefined;
    // its error is thrown where it is awaited, in the next round; until then it must not count as unhandled
    next?.catch(() => undefined);
    await applyPage(page.events, reached);
  }
};

/**
 * A replay starts with empty tables, so as long as all rows are in memory nothing is loaded, and a row is written once
 * however often it changes: 67-115 k events/s, against 14-33 k page by page (bench/rebuild.ts, 2 shared cores). When the
 * rows in memory take this much, they are written, and tables are evicted until the rest is small enough.
 */
const MAX_BYTES = 40_000_000;
const KEPT_BYTES = 25_000_000;

/** Fills the empty tables of a schema from the log. */
export interface SchemaReplay {
  /** Folds the log on, up to exactly this position, and writes it all. */
  catchUp(to: bigint): Promise<void>;
  createIndexes(): Promise<void>;
}

/**
 * @param target.skipped positions of events to leave out
 * @param target.commit runs the writes that take the tables from one position to another
 */
export const createSchemaReplay = (
  options: ProjectionOptions,
  target: {
    readonly client: ClientBase;
    readonly schema: string;
    readonly skipped: ReadonlySet<bigint>;
    readonly commit: (write: () => Promise<void>, from: bigint, to: bigint) => Promise<void>;
  },
): SchemaReplay => {
  const { client, schema, skipped, commit } = target;
  const { projection } = options;
  const fold = createProjectionFold({ client, schema, projection, empty: true });
  const indexed = new Set<string>();
  let written = 0n;
  let folded = 0n;

  const flush = async (to: bigint): Promise<void> => {
    if (to === written) return;
    await commit(fold.write, written, to);
    written = to;
    fold.evict(KEPT_BYTES);
  };

  /** Pages with steps are written one by one. */
  const apply = async (events: readonly RecordedEvent[], to: bigint): Promise<void> => {
    if (!fold.hasStep(events)) return fold.apply(events);
    await flush(folded);
    await commit(() => fold.applyInOrder(events), written, to);
    written = to;
  };

  const index = async (tables: ReadonlySet<string>): Promise<void> => {
    const models = projection.models.filter(({ table }) => tables.has(table) && !indexed.has(table));
    await createIndexes(client, schema, models);
    models.forEach(({ table }) => indexed.add(table));
  };

  const applyPage = async (events: readonly RecordedEvent[], to: bigint): Promise<void> => {
    await apply(events, to);
    folded = to;
    if (fold.bytes() < MAX_BYTES) return;
    await flush(to);
    // from now on such a table is searched by value on disk, once a page
    await index(fold.tablesMatched());
  };

  return {
    catchUp: async (to) => {
      await replayLog(options, { after: written, to, skipped }, applyPage);
      await flush(to);
    },
    createIndexes: async () => {
      await index(new Set(projection.models.map(({ table }) => table)));
      await analyse(client, schema, projection);
    },
  };
};
