import type { Knex } from 'knex';
import { samePath, type ColumnPath, type Step } from '../parse/column-path.ts';
import { columnSql } from './compile-condition.ts';
import { applyFilters } from './compile-filters.ts';
import type { ListQuery, OrderTerm } from '../parse/list-query.ts';
import type { ListSource } from '../sources/list-source.ts';
import type { Condition } from '../parse/lookups.ts';
import { fromSource, joinSql, sql, statementOf, type Statement } from './sql.ts';

/** The alias of the listed rows. */
const ROW = 't';

/** Columns and values of the rows that a list may show at all, for any query. */
export type Scope = Readonly<Record<string, string | number | boolean>>;

export interface ListPlan {
  readonly source: ListSource;
  readonly query: ListQuery;
  readonly scope: Scope;
}

/** The one value that a path leads to, as an expression. */
const valueSql = (alias: string, path: Pick<ColumnPath, 'steps' | 'column'>, depth = 1): Knex.Raw => {
  const [step, ...steps] = path.steps;
  if (!step) return columnSql(alias, path.column);
  const name = `v${depth}`;
  const related = sql
    .select(valueSql(name, { ...path, steps }, depth + 1))
    .from(fromSource(step.target, name))
    .where(joinSql(alias, name, step.relation))
    .limit(1);
  return sql.raw('?', [related]);
};

const matching = ({ source, query, scope }: ListPlan): Knex.QueryBuilder => {
  const builder = sql.queryBuilder().from(fromSource(source, ROW));
  for (const [column, value] of Object.entries(scope)) builder.where(`${ROW}.${column}`, value);
  return applyFilters(builder, ROW, query, source.search);
};

/** Columns with (nearly) as many values as there are rows. */
const NAMES: ReadonlySet<string> = new Set(['id', 'uuid', 'name', 'hostname', 'email', 'archive_name']);

const isEquality = (condition: Condition): boolean =>
  condition.kind === 'in' || (condition.kind === 'compare' && condition.operator === '=');

/** Whether the query has only rows that are related to few named ones. */
const namesRelatedRows = ({ filters }: ListQuery): boolean =>
  filters.all.some(
    ({ steps, columns, condition, negated }) =>
      steps.length > 0 && !negated && isEquality(condition) && columns.every(({ name }) => NAMES.has(name)),
  );

/**
 * The rows of one job lie together in the order of ids. PostgreSQL takes them to be spread over the table, and would walk the
 * index of ids until it meets some, perhaps through all other jobs' rows. `+ 0` makes it look for the job first.
 */
const orderSql = (path: ColumnPath, isNarrow: boolean): Knex.Raw =>
  isNarrow && path.steps.length === 0 && path.column.name === 'id'
    ? sql.raw('? + 0', [valueSql(ROW, path)])
    : valueSql(ROW, path);

const orderBy = (builder: Knex.QueryBuilder, { query }: ListPlan): Knex.QueryBuilder => {
  const isNarrow = namesRelatedRows(query);
  return query.order.reduce(
    (sorted, { path, descending }) =>
      sorted.orderByRaw(sql.raw(descending ? '? desc' : '? asc', [orderSql(path, isNarrow)])),
    builder,
  );
};

type Fields = NonNullable<ListQuery['fields']>;

/** The step that all fields begin with, when every row has just one such related row. */
const commonStep = (fields: Fields): Step | undefined => {
  const [first] = fields;
  const step = first?.path.steps[0];
  return step?.relation.required && fields.every(({ path }) => path.steps[0]?.name === step.name) ? step : undefined;
};

const RELATED = 'f';

/**
 * Distinct rows of the fields, not sorted yet. Fields of a related row are read from the related
 * rows that have any such row: one of the many entries of an archive is enough to know the archive's name.
 */
const distinctFields = (plan: ListPlan, fields: Fields): Knex.QueryBuilder => {
  const step = commonStep(fields);
  const select = (alias: string, steps: number): readonly Knex.Raw[] =>
    fields.map(({ path }, index) =>
      sql.raw('? as ??', [valueSql(alias, { ...path, steps: path.steps.slice(steps) }), `f${index}`]),
    );
  if (!step) return matching(plan).distinct(select(ROW, 0));
  const some = matching(plan)
    .where(joinSql(ROW, RELATED, step.relation))
    .select(sql.raw('1'));
  return sql
    .distinct(select(RELATED, 1))
    .from(fromSource(step.target, RELATED))
    .where(sql.raw('exists ?', [some]));
};

/** The ids of a page, or, with `fields`, its rows; one column per field, `f0`, `f1` … */
export const pageStatement = (
  plan: ListPlan,
  { limit, offset }: { readonly limit: number; readonly offset: number },
): Statement => {
  const { fields, order } = plan.query;
  if (!fields) {
    const ids = matching(plan).select(sql.raw('?? as id', [`${ROW}.id`]));
    return statementOf(orderBy(ids, plan).limit(limit).offset(offset));
  }
  const distinct = distinctFields(plan, fields).as('d');
  const indexOf = (term: OrderTerm): number => fields.findIndex(({ path }) => samePath(path, term.path));
  const rows = sql.select('*').from(distinct);
  for (const term of order) rows.orderBy(`f${indexOf(term)}`, term.descending ? 'desc' : 'asc');
  return statementOf(rows.limit(limit).offset(offset));
};

const allRows = (plan: ListPlan): Knex.QueryBuilder =>
  plan.query.fields ? distinctFields(plan, plan.query.fields) : matching(plan).select(sql.raw('1'));

/** How many rows there are, but no more than `limit`. */
export const countStatement = (plan: ListPlan, limit?: number): Statement => {
  const rows = limit === undefined ? allRows(plan) : allRows(plan).limit(limit);
  return statementOf(sql.count({ count: '*' }).from(rows.as('counted')));
};

/** The planner's estimate of the number of rows. */
export const estimateStatement = (plan: ListPlan): Statement => {
  const { text, values } = statementOf(allRows(plan));
  return { text: `explain (format json) ${text}`, values };
};
