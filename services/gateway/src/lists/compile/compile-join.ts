import type { Knex } from 'knex';
import type { ListRelation } from '../sources/list-source.ts';
import { sql } from './sql.ts';

/** Which rows under the alias `to` are related to the row under the alias `from`. */
export const joinSql = (from: string, to: string, relation: ListRelation): Knex.Raw => {
  const near = `${from}.${relation.from}`;
  const far = `${to}.${relation.to}`;
  if (relation.array === 'from') return sql.raw('?? = any(??)', [far, near]);
  // In this form, and not in the other, a GIN index on the array is of use.
  if (relation.array === 'to') return sql.raw('?? @> array[??]', [far, near]);
  return sql.raw('?? = ??', [far, near]);
};
