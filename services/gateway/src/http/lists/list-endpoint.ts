import { z } from 'zod';
import type { Reader } from '../../db/reader.ts';
import {
  listRows,
  parseListQuery,
  renderPage,
  type ListQuery,
  type PageEnvelope,
  type ResourceSource,
  type Scope,
} from '../../lists/index.ts';
import { invalidPage, parsePage, parsePageSize } from '../../lists/parse/page-parameters.ts';
import type { ApiAnswer, ApiRequest } from '../core/endpoint.ts';

/** The fields around the results of a page. */
export const pageFields = { count: z.int(), next: z.string().nullable(), previous: z.string().nullable() };

export const listSchema = (item: z.ZodType): z.ZodObject => z.object({ ...pageFields, results: z.array(item) });

export interface FilteredListOptions<Row> {
  readonly list: ResourceSource;
  /** The request's query, where it was parsed before. */
  readonly query?: ListQuery;
  /** In place of the list's own order, as in `?order=`. */
  readonly order?: string;
  /** Which rows the list may show at all. */
  readonly scope?: Scope;
  present(row: Row): unknown;
}

/** One page of a list, as the query asks for it. @throws AppError 400 and 404, see `parseListQuery` and `listRows` */
export const answerList = async <Row extends object>(
  reader: Reader,
  request: Pick<ApiRequest, 'query' | 'path'>,
  { list, present, order, scope, query }: FilteredListOptions<Row>,
): Promise<ApiAnswer> => {
  const { rows, fields, ...page } = await listRows<Row>(reader, list, {
    query: query ?? parseListQuery(list, request.query, order),
    path: request.path,
    rows: list.rows,
    scope,
  });
  // Rows of chosen fields are answered as they are.
  const results = fields ? rows : await Promise.all(rows.map((row) => present(row)));
  return { body: { ...page, results } };
};

/** A page of a list whose length is known. */
interface Page {
  readonly envelope: PageEnvelope;
  readonly limit: number;
  readonly offset: number;
}

/** The page that the query asks for, of so many items. @throws AppError 404 for a page that does not exist */
export const pageOf = ({ query, path }: Pick<ApiRequest, 'query' | 'path'>, count: number): Page => {
  const limit = parsePageSize(query.get('page_size') ?? undefined, { isNarrow: false });
  const pages = Math.max(1, Math.ceil(count / limit));
  const number = parsePage(query.get('page') ?? undefined);
  const page = number === 'last' ? pages : number;
  if (page > pages) throw invalidPage();
  const envelope = renderPage({ count, page, hasNext: page < pages, path, parameters: [...query] });
  return { envelope, limit, offset: (page - 1) * limit };
};
