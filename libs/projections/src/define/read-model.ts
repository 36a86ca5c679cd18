import type { DomainEvent, RecordedEvent } from '@cyborgbackup/kernel';
import type { Table } from './table.ts';
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

/** A table and how events change it, in the form the runner works with; its rows are typed for `foldEvents` only. */
export interface ReadModel<Row extends object = object> extends Table<Row> {
  readonly eventTypes: ReadonlySet<string>;
  /** The changes that an event asks for; none for an event of another type. */
  readonly changesOf: (event: RecordedEvent) => readonly Change[];
}

// A typed row has all the columns of the table, and folds only ever get rows of their own table. From here on rows of all tables are handled alike.
const erase = <Row extends object>(changes: Changes<Row>): readonly Change[] =>
  (Array.isArray(changes) ? changes : [changes]) as readonly Change[];

/**
 * How events change a table.
 *
 * @example
 * defineReadModel<HostRow, HostEvent>(hosts, {
 *   'host-registered': ({ data }, table) => table.put({ ...data, archived: false, seen_at: null }),
 *   'host-renamed': ({ data }, table) => table.update({ id: data.id }, { name: data.name }),
 *   'host-removed': ({ data }, table) => table.remove({ id: data.id }),
 * });
 * @param on by event type; none for a table that only the projection's steps write
 */
export const defineReadModel = <Row extends object, E extends DomainEvent>(
  table: Table<Row>,
  on: { readonly [Type in E['type']]?: EventHandler<Row, EventOfType<E, Type>> } = {},
): ReadModel<Row> => {
  const handlers = new Map<string, EventHandler<Row, DomainEvent>>(Object.entries(on));
  const changes = tableChanges<Row>();
  return {
    ...table,
    eventTypes: new Set(handlers.keys()),
    changesOf: (event) => erase<Row>(handlers.get(event.type)?.(event, changes) ?? []),
  };
};
