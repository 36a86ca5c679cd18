import knex, { type Knex } from 'knex';
import type { ListRelation, ListSource } from '../sources/list-source.ts';

/** Builds PostgreSQL statements, without a connection. */
export const sql: Knex = knex({ client: 'pg' });

/** The SQL after FROM for a source's rows under an alias. */
export const fromSource = (source: ListSource, alias: string): Knex.Raw =>
  source.query === undefined ? sql.raw('?? as ??', [source.table, alias]) : sql.raw(`(${source.query}) as ??`, [alias]);

/** The condition that relates the row under the alias `to` to the row under the alias `from`. */
export const joinSql = (from: string, to: string, relation: ListRelation): Knex.Raw => {
  const near = `${from}.${relation.from}`;
  const far = `${to}.${relation.to}`;
  if (relation.array === 'from') return sql.raw('?? = any(??)', [far, near]);
  // In this form, and not in the other, a GIN index on the array is of use.
  if (relation.array === 'to') return sql.raw('?? @> array[??]', [far, near]);
  return sql.raw('?? = ??', [far, near]);
};

export interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** The statement as `pg` takes it, with `$1`, `$2` … for all values. */
export const statementOf = (builder: Knex.QueryBuilder | Knex.Raw): Statement => {
  const { sql: text, bindings } = builder.toSQL().toNative();
  return { text, values: bindings };
};
