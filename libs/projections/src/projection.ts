import { checkIdentifier } from './define/identifier.ts';
import type { ProjectionStep } from './projection-step.ts';
import type { ReadModel } from './read-model.ts';

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
