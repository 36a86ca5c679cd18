import type { Pool } from 'pg';
import type { Table } from '../define/table.ts';

/** What PostgreSQL lacks of tables, by `schema.table.column`. Tables of no schema of their own are the given one's. */
export const missingColumns = async (
  pool: Pool,
  schema: string,
  tables: readonly Pick<Table, 'table' | 'columns'>[],
): Promise<readonly string[]> => {
  const { rows } = await pool.query<{ readonly name: string }>(
    `SELECT class.relname || '.' || attname AS name
       FROM pg_attribute JOIN pg_class AS class ON class.oid = attrelid
      WHERE class.relnamespace = to_regnamespace(quote_ident($1)) AND attnum > 0 AND NOT attisdropped`,
    [schema],
  );
  const known = new Set(rows.map(({ name }) => name));
  const wanted = tables.flatMap(({ table, columns }) => columns.map(({ name }) => `${table}.${name}`));
  return wanted.filter((name) => !known.has(name)).map((name) => `${schema}.${name}`);
};

/** One sentence about what `missingColumns` found. */
export const lacksColumns = ([first = '', ...others]: readonly string[]): string =>
  `The database lacks the column ${first}${others.length > 0 ? ` and ${others.length} more` : ''}.`;
