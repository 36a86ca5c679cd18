import knex, { type Knex } from 'knex';
import type { ListSource } from '../sources/list-source.ts';

/** Builds PostgreSQL statements; it has no connection. */
export const sql: Knex = knex({ client: 'pg' });

/** What follows FROM for a source's rows under an alias. */
export const fromSource = (source: ListSource, alias: string): Knex.Raw =>
  source.query === undefined ? sql.raw('?? as ??', [source.table, alias]) : sql.raw(`(${source.query}) as ??`, [alias]);

export interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** The statement as `pg` takes it, with `$1`, `$2` … for all values. */
export const statementOf = (builder: Knex.QueryBuilder | Knex.Raw): Statement => {
  const { sql: text, bindings } = builder.toSQL().toNative();
  return { text, values: bindings };
};
