import type { ClientBase, QueryArrayConfig } from 'pg';
import type { Column } from '../define/column-type.ts';
import { isPlainJson, parseValue, valueToJson } from './column-value.ts';
import type { ReadModel } from '../define/read-model.ts';
import type { AnyRow } from '../define/table-changes.ts';
import type { NeededRows } from './load-window.ts';
import type { TableWrites } from './table-fold.ts';
import { tableSql, type PreparedSql } from '../schema/table-sql.ts';
import type { Match } from './row-form.ts';

/** Bounds one statement's parameter; a write of more rows takes several statements. */
const ROWS_PER_STATEMENT = 5_000;

/** Loads and writes one table's rows in bulk. */
export interface TableStore {
  load(needed: NeededRows): Promise<readonly AnyRow[]>;
  write(writes: TableWrites): Promise<void>;
}

/** Every value as PostgreSQL's text: the process-wide parsers of pg are neither used nor changed. */
const asText: NonNullable<QueryArrayConfig['types']> = { getTypeParser: () => (value: unknown) => value };

const toJson = (columns: readonly Column[], rows: readonly AnyRow[]): string => {
  if (columns.every(isPlainJson)) return JSON.stringify(rows);
  const converted = rows.map((row) =>
    Object.fromEntries(columns.map((column) => [column.name, valueToJson(column, row[column.name])])),
  );
  return JSON.stringify(converted);
};

const parseRow = (columns: readonly Column[], texts: readonly (string | null)[]): AnyRow => {
  const row: Record<string, unknown> = {};
  columns.forEach((column, index) => {
    row[column.name] = parseValue(column, texts[index] ?? null);
  });
  return Object.freeze(row);
};

const byColumn = (matches: readonly Match[]): ReadonlyMap<Column, readonly AnyRow[]> => {
  const groups = new Map<Column, AnyRow[]>();
  for (const { column, value } of matches) {
    const group = groups.get(column) ?? [];
    groups.set(column, group);
    group.push({ [column.name]: value });
  }
  return groups;
};

export const createTableStore = (client: ClientBase, schema: string, model: ReadModel): TableStore => {
  const sql = tableSql(schema, model);

  const inChunks = async (
    rows: readonly AnyRow[],
    columns: readonly Column[],
    run: (json: string) => Promise<unknown>,
  ): Promise<void> => {
    for (let start = 0; start < rows.length; start += ROWS_PER_STATEMENT) {
      await run(toJson(columns, rows.slice(start, start + ROWS_PER_STATEMENT)));
    }
  };

  const select = async (
    statement: PreparedSql,
    columns: readonly Column[],
    rows: readonly AnyRow[],
  ): Promise<AnyRow[]> => {
    const found: AnyRow[] = [];
    await inChunks(rows, columns, async (json) => {
      const result = await client.query<(string | null)[]>({
        ...statement,
        values: [json],
        rowMode: 'array',
        types: asText,
      });
      for (const texts of result.rows) found.push(parseRow(model.columns, texts));
    });
    return found;
  };

  const execute = (statement: PreparedSql, columns: readonly Column[], rows: readonly AnyRow[]): Promise<void> =>
    inChunks(rows, columns, (json) => client.query({ ...statement, values: [json] }));

  return {
    load: async ({ keys, matches }) => {
      const found = await select(sql.loadByKey, model.key, keys);
      for (const [column, values] of byColumn(matches)) {
        found.push(...(await select(sql.loadByColumn(column), [column], values)));
      }
      return found;
    },
    write: async ({ purges, removedKeys, rows }) => {
      for (const [column, values] of byColumn(purges)) await execute(sql.deleteByColumn(column), [column], values);
      await execute(sql.deleteByKey, model.key, removedKeys);
      await execute(sql.upsert, model.columns, rows);
    },
  };
};
