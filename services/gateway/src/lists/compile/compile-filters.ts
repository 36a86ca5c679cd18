import type { Knex } from 'knex';
import type { NamedColumn, Step } from '../parse/column-path.ts';
import { columnSql, conditionSql } from './compile-condition.ts';
import { partsSql } from './compile-path.ts';
import type { Filter } from '../parse/filter.ts';
import type { ListQuery } from '../parse/list-query.ts';
import type { Condition } from '../parse/lookups.ts';
import { fromSource, joinSql, sql } from './sql.ts';

/*
 * How filters become SQL. A relation is followed by EXISTS, never by a join, so that no row is found twice however many
 * related rows it has.
 *
 * - Plain filters on the same relation have to match the same related row, as in `jobs__status=failed&jobs__job_type=prune`:
 *   they are first put into a tree with a branch for each relation, and each branch becomes one EXISTS.
 * - A `chain__` filter, an `or__` filter and a negated one have an EXISTS of their own; `not__jobs__status=failed` are the
 *   rows with no failed job at all.
 * - Negation is `is not true`, so that rows without a value are among "the others".
 */
interface Branch {
  readonly conditions: Knex.Raw[];
  readonly branches: Map<string, { readonly step: Step; readonly filters: Filter[] }>;
}

const joined = (conditions: readonly Knex.Raw[], operator: 'and' | 'or', none: 'true' | 'false'): Knex.Raw =>
  conditions.length === 0
    ? sql.raw(none)
    : sql.raw(`(${conditions.map(() => '?').join(` ${operator} `)})`, [...conditions]);
const anyOf = (conditions: readonly Knex.Raw[]): Knex.Raw => joined(conditions, 'or', 'false');
const allOf = (conditions: readonly Knex.Raw[]): Knex.Raw => joined(conditions, 'and', 'true');

const columnMeets = (alias: string, column: NamedColumn, condition: Condition): Knex.Raw => {
  const met = conditionSql(column, columnSql(alias, column), condition);
  const follows = column.parts && partsSql(alias, column.parts, condition);
  return follows ? sql.raw('(? and ?)', [met, follows]) : met;
};

const columnsMeet = (alias: string, columns: readonly NamedColumn[], condition: Condition): Knex.Raw =>
  anyOf(columns.map((column) => columnMeets(alias, column, condition)));

const branchOf = (alias: string, filters: readonly Filter[]): Branch => {
  const branch: Branch = { conditions: [], branches: new Map() };
  for (const filter of filters) {
    const [step, ...steps] = filter.steps;
    if (!step) branch.conditions.push(columnsMeet(alias, filter.columns, filter.condition));
    else {
      const found = branch.branches.get(step.name) ?? { step, filters: [] };
      found.filters.push({ ...filter, steps });
      branch.branches.set(step.name, found);
    }
  }
  return branch;
};

/** Aliases differ along each path of nested sub-queries. */
const meetsAll = (alias: string, filters: readonly Filter[], depth = 1): Knex.Raw => {
  const { conditions, branches } = branchOf(alias, filters);
  const related = [...branches.values()].map(({ step, filters: inner }) => {
    const name = `r${depth}`;
    const rows = sql
      .select(sql.raw('1'))
      .from(fromSource(step.target, name))
      .where(joinSql(alias, name, step.relation))
      .where(meetsAll(name, inner, depth + 1));
    return sql.raw('exists ?', [rows]);
  });
  return allOf([...conditions, ...related]);
};

const meets = (alias: string, filter: Filter): Knex.Raw => {
  const met = meetsAll(alias, [filter]);
  return filter.negated ? sql.raw('? is not true', [met]) : met;
};

/** Narrows a query, whose rows have the alias, to those that match the filters and the search. */
export const applyFilters = (
  builder: Knex.QueryBuilder,
  alias: string,
  { filters, search, isOfType }: Pick<ListQuery, 'filters' | 'search' | 'isOfType'>,
  searchColumns: readonly string[],
): Knex.QueryBuilder => {
  const plain = filters.all.filter(({ negated }) => !negated);
  const single = [...filters.all.filter(({ negated }) => negated), ...filters.chain];
  if (plain.length > 0) builder.where(meetsAll(alias, plain));
  for (const filter of single) builder.where(meets(alias, filter));
  for (const group of [filters.any, filters.search]) {
    if (group.length > 0) builder.where(anyOf(group.map((filter) => meets(alias, filter))));
  }
  const columns = searchColumns.map((name) => ({ name, type: 'text' as const }));
  for (const word of search) builder.where(columnsMeet(alias, columns, word));
  if (!isOfType) builder.where(sql.raw('false'));
  return builder;
};
