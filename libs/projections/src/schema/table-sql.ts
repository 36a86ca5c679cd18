import { createHash } from 'node:crypto';
import { sqlType, type Column } from '../define/column-type.ts';
import { quoteIdentifier as quote } from '../define/identifier.ts';
import type { ReadModel } from '../define/read-model.ts';

/** A statement with one parameter, a JSON array of objects, prepared once per connection under its name. */
export interface PreparedSql {
  readonly name: string;
  readonly text: string;
}

/** Every statement that one read model needs in one schema. */
export interface TableSql {
  readonly createTable: string;
  readonly createLookups: readonly string[];
  readonly createIndexes: readonly string[];
  readonly loadByKey: PreparedSql;
  readonly upsert: PreparedSql;
  readonly deleteByKey: PreparedSql;
  readonly loadByColumn: (column: Column) => PreparedSql;
  readonly deleteByColumn: (column: Column) => PreparedSql;
}

const prepared = (text: string): PreparedSql => ({
  name: createHash('sha256').update(text).digest('hex').slice(0, 32),
  text,
});

const names = (columns: readonly Column[]): string => columns.map(({ name }) => quote(name)).join(', ');

/**
 * Rows travel as one JSON parameter. Measured against one `unnest` array per column, 8 columns, pages of 1,000 and 5,000:
 * 68-104 k rows/s for JSON, 67-96 k for unnest, so what decides is that JSON carries nested arrays and nulls unaided.
 */
const rowsOf = (columns: readonly Column[]): string =>
  `json_to_recordset($1::json) AS given(${columns.map(({ name, type }) => `${quote(name)} ${sqlType(type)}`).join(', ')})`;

/** How a column is read so that `parseValue` understands it whatever the session's settings. */
const selected = ({ name, type }: Column): string => {
  const column = `stored.${quote(name)}`;
  if (type === 'timestamptz') return `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
  return type.endsWith('[]') ? `to_json(${column})` : column;
};

/**
 * The fill factor leaves room on each page for new versions of its rows, which then need no new index entries. Measured
 * with two secondary indexes, pages of 1,000 updates: 41-58 k rows/s at 100, 67-71 k at 90, 73-78 k at 80.
 */
export const tableSql = (schema: string, model: ReadModel): TableSql => {
  const table = `${quote(schema)}.${quote(model.table)}`;
  const { columns, key } = model;
  const select = `SELECT ${columns.map(selected).join(', ')} FROM ${table} AS stored`;
  const sameKey = key.map(({ name }) => `stored.${quote(name)} = given.${quote(name)}`).join(' AND ');
  const others = columns.filter((column) => !key.includes(column));
  const assignments = others.map(({ name }) => `${quote(name)} = excluded.${quote(name)}`).join(', ');
  const definitions = columns.map(
    ({ name, type, nullable }) => `${quote(name)} ${sqlType(type)}${nullable ? '' : ' NOT NULL'}`,
  );
  const given = (column: Column): string => `IN (SELECT given.${quote(column.name)} FROM ${rowsOf([column])})`;
  return {
    createTable: `CREATE TABLE ${table} (${definitions.join(', ')}, PRIMARY KEY (${names(key)})) WITH (fillfactor = 90)`,
    createLookups: model.lookups.map((index) => `CREATE INDEX ON ${table} ${index}`),
    createIndexes: model.indexes.map((index) => `CREATE INDEX ON ${table} ${index}`),
    loadByKey: prepared(`${select} JOIN ${rowsOf(key)} ON ${sameKey}`),
    upsert: prepared(
      `INSERT INTO ${table} (${names(columns)}) SELECT ${names(columns)} FROM ${rowsOf(columns)} ` +
        `ON CONFLICT (${names(key)}) DO ${others.length === 0 ? 'NOTHING' : `UPDATE SET ${assignments}`}`,
    ),
    deleteByKey: prepared(`DELETE FROM ${table} AS stored USING ${rowsOf(key)} WHERE ${sameKey}`),
    loadByColumn: (column) => prepared(`${select} WHERE stored.${quote(column.name)} ${given(column)}`),
    deleteByColumn: (column) =>
      prepared(`DELETE FROM ${table} AS stored WHERE stored.${quote(column.name)} ${given(column)}`),
  };
};
