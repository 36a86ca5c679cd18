import type { DomainEvent, RecordedEvent } from '@cyborgbackup/kernel';
import { parseColumn, type Column, type ColumnFor } from './column-type.ts';
import { checkIdentifier } from './identifier.ts';
import { tableChanges, type Change, type TableChanges } from './table-changes.ts';

/** One change, or several in order. */
export type Changes<Row extends object> = Change<Row> | readonly Change<Row>[];

interface EventHandling<Row extends object, E extends DomainEvent> {
  // method syntax, so that a typed table may stand where any table is expected
  handle(event: RecordedEvent<E>, table: TableChanges<Row>): Changes<Row>;
}

/** What one event of type E does to the table. Pure: the same event always gives the same changes. */
export type EventHandler<Row extends object, E extends DomainEvent> = EventHandling<Row, E>['handle'];

type EventOfType<E extends DomainEvent, Type> = E extends DomainEvent ? (Type extends E['type'] ? E : never) : never;

/**
 * One table of a projection and how events change it.
 *
 * @example
 * defineReadModel<HostRow, HostEvent>({
 *   table: 'hosts',
 *   columns: { id: 'uuid', name: 'text', archived: 'bool', seenAt: 'timestamptz?' },
 *   key: ['id'],
 *   indexes: ['(name)'],
 *   on: {
 *     'host-registered': ({ data }, table) => table.put({ ...data, archived: false, seenAt: null }),
 *     'host-renamed': ({ data }, table) => table.update({ id: data.id }, { name: data.name }),
 *     'host-removed': ({ data }, table) => table.remove({ id: data.id }),
 *   },
 * });
 */
export interface ReadModelDefinition<Row extends object, E extends DomainEvent> {
  /** Table name in the projection's schema. */
  readonly table: string;
  /** Every property of a row, in the order of the table's columns; `?` marks the nullable ones. */
  readonly columns: { readonly [Name in keyof Row & string]: ColumnFor<Row[Name]> };
  readonly key: readonly (keyof Row & string)[];
  /** What follows `CREATE INDEX ON table`, for example `(client_id, started_at DESC)`. Built last in a rebuild. */
  readonly indexes?: readonly string[];
  /** Further indexes, which the projection's steps need while they fill the table: made with it. */
  readonly lookups?: readonly string[];
  readonly on: { readonly [Type in E['type']]?: EventHandler<Row, EventOfType<E, Type>> };
}

/** A read model in the form the runner works with; its rows are typed for `foldEvents` only. */
export interface ReadModel<Row extends object = object> {
  readonly table: string;
  readonly columns: readonly Column[];
  /** A subset of `columns`. */
  readonly key: readonly Column[];
  readonly indexes: readonly string[];
  readonly lookups: readonly string[];
  readonly eventTypes: ReadonlySet<string>;
  /** The changes that an event asks for; none for an event of another type. */
  readonly changesOf: (event: RecordedEvent) => readonly Change[];
  /** True for an object that has every column. */
  readonly isRow: (row: object) => row is Row;
}

// A typed row has all the columns of the table, and folds only ever get rows of their own table: the type checker has
// matched `columns` with `Row`. From here on rows of all tables are handled alike.
const erase = <Row extends object>(changes: Changes<Row>): readonly Change[] =>
  (Array.isArray(changes) ? changes : [changes]) as readonly Change[];

const keyColumns = <Row extends object, E extends DomainEvent>(
  { table, key }: ReadModelDefinition<Row, E>,
  columns: readonly Column[],
): readonly Column[] => {
  const found = key.map((name) => columns.find((column) => column.name === name));
  const usable = found.filter((column): column is Column => column !== undefined && !column.nullable);
  if (usable.length === 0 || usable.length < found.length) {
    throw new TypeError(`Read model ${table}: the key must name columns that are never null`);
  }
  return usable;
};

/** @throws TypeError for a table or column that cannot be one: a defect, found when the module is loaded */
export const defineReadModel = <Row extends object, E extends DomainEvent>(
  definition: ReadModelDefinition<Row, E>,
): ReadModel<Row> => {
  const columns = Object.entries<string>(definition.columns).map(([name, spec]) => parseColumn(name, spec));
  [definition.table, ...columns.map(({ name }) => name)].forEach(checkIdentifier);
  const handlers = new Map<string, EventHandler<Row, DomainEvent>>(Object.entries(definition.on));
  const table = tableChanges<Row>();
  return {
    table: definition.table,
    columns,
    key: keyColumns(definition, columns),
    indexes: definition.indexes ?? [],
    lookups: definition.lookups ?? [],
    eventTypes: new Set(handlers.keys()),
    changesOf: (event) => erase<Row>(handlers.get(event.type)?.(event, table) ?? []),
    isRow: (row): row is Row => columns.every(({ name }) => name in row),
  };
};
