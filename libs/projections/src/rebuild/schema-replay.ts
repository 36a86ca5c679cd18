import type { RecordedEvent } from '@cyborgbackup/kernel';
import type { ClientBase } from 'pg';
import { replayLog } from './log-replay.ts';
import { createProjectionFold } from '../fold/projection-fold.ts';
import type { ProjectionOptions } from '../define/projection.ts';
import { applyInOrder, hasStep } from '../fold/projection-step.ts';
import { analyse, createIndexes } from '../schema/projection-schema.ts';

/**
 * A replay starts with empty tables, so as long as all rows are in memory nothing is loaded, and a row is written once
 * however often it changes: 67-115 k events/s, against 14-33 k page by page (bench/rebuild.ts, 2 shared cores). When the
 * rows in memory take this much, they are written, and tables are forgotten until the rest is small enough.
 */
const MAX_BYTES = 40_000_000;
const KEPT_BYTES = 25_000_000;

/** Fills the empty tables of a schema from the log. */
export interface SchemaReplay {
  /** Folds the log on, up to exactly this position, and writes it all. */
  catchUp(to: bigint): Promise<void>;
  createIndexes(): Promise<void>;
}

export interface SchemaReplayOptions {
  readonly options: ProjectionOptions;
  readonly client: ClientBase;
  readonly schema: string;
  /** Positions of events to leave out. */
  readonly skipped: ReadonlySet<bigint>;
  /** Runs the writes that take the tables from one position to another. */
  readonly commit: (write: () => Promise<void>, from: bigint, to: bigint) => Promise<void>;
}

export const createSchemaReplay = ({ options, client, schema, skipped, commit }: SchemaReplayOptions): SchemaReplay => {
  const { projection } = options;
  const fold = createProjectionFold({ client, schema, projection, empty: true });
  const indexed = new Set<string>();
  let written = 0n;
  let folded = 0n;

  const flush = async (to: bigint): Promise<void> => {
    if (to === written) return;
    await commit(fold.write, written, to);
    written = to;
    fold.letGo(KEPT_BYTES);
  };

  /** Pages with steps are written one by one. */
  const apply = async (events: readonly RecordedEvent[], to: bigint): Promise<void> => {
    if (!hasStep(projection, events)) return fold.apply(events);
    await flush(folded);
    await commit(() => applyInOrder({ client, schema, projection, fold }, events), written, to);
    written = to;
  };

  const index = async (tables: ReadonlySet<string>): Promise<void> => {
    const models = projection.models.filter(({ table }) => tables.has(table) && !indexed.has(table));
    await createIndexes(client, schema, models);
    models.forEach(({ table }) => indexed.add(table));
  };

  const afterPage = async (to: bigint): Promise<void> => {
    folded = to;
    if (fold.bytes() < MAX_BYTES) return;
    await flush(to);
    // from now on such a table is searched by value on disk, once a page
    await index(fold.tablesMatched());
  };

  return {
    catchUp: async (to) => {
      await replayLog({ options, apply, skipped, afterPage }, written, to);
      await flush(to);
    },
    createIndexes: async () => {
      await index(new Set(projection.models.map(({ table }) => table)));
      await analyse(client, schema, projection);
    },
  };
};
