import {
  countStatement,
  estimateStatement,
  pageStatement,
  type ListPlan,
  type Scope,
} from '../compile/compile-list.ts';
import { badQuery } from '../parse/query-error.ts';
import type { Filter } from '../parse/filter.ts';
import { isInvalidPattern, type Reader } from '../../db/reader.ts';
import { sqlState } from '@cyborgbackup/kernel';
import type { ListQuery, SelectedField } from '../parse/list-query.ts';
import type { ListSource, RowSource } from '../sources/list-source.ts';
import { invalidPage } from '../parse/page-parameters.ts';
import { renderPage, type PageEnvelope } from './render-page.ts';
import type { Statement } from '../compile/sql.ts';

export interface ListRowsOptions {
  readonly query: ListQuery;
  /** Of the request, for the links to other pages. */
  readonly path: string;
  /** How each row is read; default: only its id. */
  readonly rows?: RowSource;
  /** Which rows the list may show at all: columns of the source's table, not fields, and their values. */
  readonly scope?: Scope | undefined;
}

export interface ListPage<Row> extends PageEnvelope {
  readonly rows: readonly Row[];
  /** Set when the query has `fields`: then `rows` hold just these, and are answered as they are. */
  readonly fields: readonly string[] | null;
}

/** A regular expression can keep PostgreSQL busy for ever. */
const REGEX_MILLIS = 2_000;
/** Up to here rows are counted one by one; beyond, the count is the planner's estimate. */
const COUNTED = 100_000;

type Rows = Reader['rows'];

interface FoundRows {
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  readonly page: number;
  readonly hasNext: boolean;
  readonly count: number;
}

const read = <Row extends object>(rows: Rows, { text, values }: Statement): Promise<readonly Row[]> =>
  rows<Row>(text, values);

const count = async (rows: Rows, plan: ListPlan, limit?: number): Promise<number> =>
  Number((await read<{ count: number | string }>(rows, countStatement(plan, limit)))[0]?.count ?? 0);

interface Explained {
  readonly 'QUERY PLAN': readonly { readonly Plan: { readonly 'Plan Rows': number } }[];
}

const estimate = async (rows: Rows, plan: ListPlan): Promise<number> => {
  const [explained] = await read<Explained>(rows, estimateStatement(plan));
  return explained?.['QUERY PLAN'][0]?.Plan['Plan Rows'] ?? 0;
};

/** Exact up to the bound; beyond it at least one more than the bound. */
const cheapCount = async (rows: Rows, plan: ListPlan): Promise<number> => {
  const counted = await count(rows, plan, COUNTED + 1);
  return counted <= COUNTED ? counted : Math.max(counted, await estimate(rows, plan));
};

const findPage = async (rows: Rows, plan: ListPlan, page: number): Promise<FoundRows> => {
  const { size } = plan.query;
  const offset = (page - 1) * size;
  const found = await read<Readonly<Record<string, unknown>>>(rows, pageStatement(plan, { offset, limit: size + 1 }));
  if (found.length === 0 && page > 1) throw invalidPage();
  const hasNext = found.length > size;
  const counted = hasNext ? Math.max(await cheapCount(rows, plan), offset + found.length) : offset + found.length;
  return { rows: found.slice(0, size), page, hasNext, count: counted };
};

/** The last page is found by counting everything. */
const findLastPage = async (rows: Rows, plan: ListPlan): Promise<FoundRows> => {
  const pages = Math.ceil((await count(rows, plan)) / plan.query.size);
  return findPage(rows, plan, Math.max(1, pages));
};

const find = (rows: Rows, plan: ListPlan): Promise<FoundRows> =>
  plan.query.page === 'last' ? findLastPage(rows, plan) : findPage(rows, plan, plan.query.page);

/** `f0`, `f1` … under the names of their fields. */
const withFieldNames = (fields: readonly SelectedField[], row: Readonly<Record<string, unknown>>): object =>
  Object.fromEntries(fields.map(({ name }, index) => [name, row[`f${index}`]]));

/** The rows that have these ids, in the order of the ids. */
export const rowsById = async <Row extends object>(
  rows: Rows,
  source: RowSource,
  ids: readonly number[],
): Promise<readonly Row[]> => {
  if (ids.length === 0) return [];
  const found = await rows<Row & { readonly id: number | string }>(
    `select ${source.select} from ${source.byIds ?? `${source.from} where t.id = any($1::bigint[])`}`,
    [ids],
  );
  const byId = new Map(found.map((row) => [Number(row.id), row]));
  return ids.flatMap((id) => byId.get(id) ?? []);
};

const contentOf = async (
  rows: Rows,
  { fields }: ListQuery,
  found: FoundRows['rows'],
  source?: RowSource,
): Promise<readonly object[]> => {
  if (fields) return found.map((row) => withFieldNames(fields, row));
  const ids = found.map(({ id }) => Number(id));
  return source ? rowsById(rows, source, ids) : ids.map((id) => ({ id }));
};

const usesRegex = ({ filters }: ListQuery): boolean =>
  Object.values(filters)
    .flat()
    .some(({ condition }: Filter) => condition.kind === 'regex');

/** The SQLSTATE of an error, or of what caused it. */
const causingState = (error: unknown): string =>
  sqlState(error) || (error instanceof Error && error.cause !== undefined ? causingState(error.cause) : '');

const CANCELED = '57014';
/** Data exceptions, and limits of PostgreSQL such as the depth of a statement: what was asked for caused both. */
const CALLERS_FAULT = /^(22|54)/;

/** What the caller should hear of a statement that failed; undefined when it is not the caller's fault. */
const queryFault = (error: unknown, { hasRegex }: { readonly hasRegex: boolean }): Error | undefined => {
  const state = causingState(error);
  if (hasRegex && state === CANCELED) return badQuery('The regular expression takes too long: make it simpler', error);
  if (isInvalidPattern(error)) return badQuery('The regular expression is not valid', error);
  return CALLERS_FAULT.test(state) ? badQuery('The filters cannot be applied: check their values', error) : undefined;
};

/**
 * One page of a list, as its query asks for it.
 *
 * First the ids of the page are found, from an index alone where possible, and then the rows with these ids: a page far behind
 * does not read all rows before it, only their ids. Rows that are removed in between are left out. The count is exact up to
 * 100,000; beyond, it is the planner's estimate, and `next` tells whether there is more. `page=last` counts exactly.
 *
 * @throws AppError('validation') without fields for a regular expression that is wrong or takes longer than two seconds;
 *   AppError('not-found') for a page that does not exist
 */
export const listRows = async <Row extends object = { readonly id: number }>(
  db: Pick<Reader, 'rows'>,
  source: ListSource,
  { query, path, rows: rowSource, scope = {} }: ListRowsOptions,
): Promise<ListPage<Row>> => {
  const hasRegex = usesRegex(query);
  const rows: Rows = (text, values) => db.rows(text, values, hasRegex ? { timeoutMillis: REGEX_MILLIS } : {});
  try {
    const found = await find(rows, { source, query, scope });
    const contents = await contentOf(rows, query, found.rows, rowSource);
    return {
      ...renderPage({ ...found, path, parameters: query.parameters }),
      // The type of the rows follows from the RowSource, which is text.
      rows: contents as readonly Row[],
      fields: query.fields?.map(({ name }) => name) ?? null,
    };
  } catch (error) {
    throw queryFault(error, { hasRegex }) ?? error;
  }
};
