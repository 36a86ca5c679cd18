import { parseColumn, type Column, type ColumnSpec, type ValueOf } from './column-type.ts';
import { checkIdentifier } from './identifier.ts';

/** A table that a projection keeps, defined once for the projection and for everyone who reads it. */
export interface Table<Row extends object = object> {
  /** As queries have it: `inventory.clients`. */
  readonly name: string;
  /** The projection that the table belongs to; undefined for a table that any projection may have. */
  readonly schema: string | undefined;
  /** The name without its schema. */
  readonly table: string;
  readonly columns: readonly Column[];
  /** A subset of `columns`. */
  readonly key: readonly Column[];
  readonly indexes: readonly string[];
  readonly lookups: readonly string[];
  /** True for an object that has every column. */
  readonly isRow: (row: object) => row is Row;
}

type Columns = Readonly<Record<string, ColumnSpec>>;

/** The row of a table with these columns. */
export type RowWith<Specs extends Columns> = { readonly [Name in keyof Specs]: ValueOf<Specs[Name]> };

/** The row of a table: `RowOf<typeof clients>`. */
export type RowOf<T extends Table> = T extends Table<infer Row> ? Row : never;

interface TableDefinition<Specs extends Columns> {
  /** In the order of the table; `?` marks the nullable ones. */
  readonly columns: Specs;
  readonly key: readonly (keyof Specs & string)[];
  /** What follows `CREATE INDEX ON table`, for example `(client_id, started_at DESC)`. Built last in a rebuild. */
  readonly indexes?: readonly string[];
  /** Further indexes, which the projection's steps need while they fill the table: made with it. */
  readonly lookups?: readonly string[];
}

const keyColumns = (name: string, key: readonly string[], columns: readonly Column[]): readonly Column[] => {
  const found = key.map((part) => columns.find((column) => column.name === part));
  const usable = found.filter((column): column is Column => column !== undefined && !column.nullable);
  if (usable.length === 0 || usable.length < found.length) {
    throw new TypeError(`Table ${name}: the key must name columns that are never null`);
  }
  return usable;
};

/**
 * @example
 * export const hosts = defineTable('inventory.hosts', {
 *   columns: { id: 'uuid', name: 'text', status: typed<HostStatus>('text'), seen_at: 'timestamptz?' },
 *   key: ['id'],
 *   indexes: ['(name)'],
 * });
 * export type HostRow = RowOf<typeof hosts>;
 * @param name with the schema in front, which is the projection's name
 * @throws TypeError for a table or column that cannot be one: a defect, found when the module is loaded
 */
export const defineTable = <const Specs extends Columns>(
  name: string,
  { columns: specs, key, indexes = [], lookups = [] }: TableDefinition<Specs>,
): Table<RowWith<Specs>> => {
  const columns = Object.entries<string>(specs).map(([column, spec]) => parseColumn(column, spec));
  const [table = '', schema] = name.split('.', 2).reverse();
  [table, ...columns.map((column) => column.name)].forEach(checkIdentifier);
  return {
    name,
    schema,
    table,
    columns,
    key: keyColumns(name, key, columns),
    indexes,
    lookups,
    isRow: (row): row is RowWith<Specs> => columns.every((column) => column.name in row),
  };
};
