import type { EventCodec, EventStore } from '@cyborgbackup/event-store';
import type { Logger, RecordedEvent } from '@cyborgbackup/kernel';
import type { ClientBase, Pool } from 'pg';
import { checkIdentifier } from './identifier.ts';
import type { ReadModel } from './read-model.ts';

/** Where a step finds the projection's tables. */
export interface StepTarget {
  readonly client: ClientBase;
  /** The schema's name, quoted: the live one, or one that is being built. */
  readonly schema: string;
}

/**
 * What SQL does with one event, for tables that are too large to be folded in memory. It sees the tables exactly as all
 * earlier events have left them, and runs in the transaction that moves the checkpoint. It may look at nothing else than
 * the event and these tables (no clock, no sequence, no other schema): then a replay gives the same rows as the first time.
 */
export type ProjectionStep = (target: StepTarget, event: RecordedEvent) => Promise<void>;

/**
 * A set of read models that share one PostgreSQL schema, one checkpoint and one owner at a time. The schema belongs to
 * the projection alone: a rebuild replaces it as a whole, so nothing else may live in it.
 */
export interface Projection {
  /** Also the name of its schema, for example `inventory`. */
  readonly name: string;
  /** From 1; raise it whenever columns or handlers change, and the tables are rebuilt from the log at the next start. */
  readonly version: number;
  readonly models: readonly ReadModel[];
  /** By event type: what SQL does with an event, after the models have folded it. See `ProjectionStep`. */
  readonly steps?: Readonly<Record<string, ProjectionStep>>;
}

/** @throws TypeError for a name that cannot be a schema, a table of another schema, or a table defined twice */
export const defineProjection = (projection: Projection): Projection => {
  checkIdentifier(projection.name);
  if (!Number.isInteger(projection.version) || projection.version < 1) {
    throw new TypeError(`Projection ${projection.name}: the version must be a whole number from 1`);
  }
  const other = projection.models.find(({ schema = projection.name }) => schema !== projection.name);
  if (other) throw new TypeError(`Projection ${projection.name}: the table ${other.name} belongs to another one`);
  const tables = new Set(projection.models.map(({ table }) => table));
  if (tables.size < projection.models.length)
    throw new TypeError(`Projection ${projection.name}: a table is defined twice`);
  return projection;
};

/** The event types that matter to at least one of the projection's tables. */
export const eventTypesOf = (projection: Projection): ReadonlySet<string> =>
  new Set([...projection.models.flatMap(({ eventTypes }) => [...eventTypes]), ...Object.keys(projection.steps ?? {})]);

/** What running, rebuilding and comparing a projection all need. */
export interface ProjectionOptions {
  /** Connects as a role that owns the projection's schema, see `installProjections`. One connection is held. */
  readonly pool: Pool;
  readonly store: EventStore;
  readonly codec: EventCodec;
  readonly projection: Projection;
  /** Names this runner; unique among all that run now, so not just a host name. */
  readonly owner: string;
  readonly logger: Logger;
  /** Finishes the page at hand, gives the lease back and ends. */
  readonly signal: AbortSignal;
}
