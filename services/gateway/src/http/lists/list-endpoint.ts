import { z } from 'zod';
import {
  listRows,
  renderPage,
  type ListRowsOptions,
  type ListSource,
  type PageEnvelope,
  type RowSource,
} from '../../lists/index.ts';
import { parsePage, parsePageSize } from '../../lists/parse/page-parameters.ts';
import type { Reader } from '../../db/reader.ts';
import type { ApiAnswer, ApiRequest } from '../core/endpoint.ts';
import { notFound } from '../core/http-error.ts';

export type { PageEnvelope } from '../../lists/index.ts';

export const listSchema = (item: z.ZodType): z.ZodObject =>
  z.object({
    count: z.int(),
    next: z.string().nullable(),
    previous: z.string().nullable(),
    results: z.array(item),
  });

export interface FilteredListOptions<Row> extends Pick<ListRowsOptions, 'scope' | 'order'> {
  /** What may be asked of the list. */
  readonly list: ListSource;
  /** What is read of each row. */
  readonly source: RowSource;
  present(row: Row): unknown;
}

/** One page of a list, as the query asks for it. @throws AppError 400 and 404, see `listRows` */
export const answerList = async <Row extends object>(
  reader: Reader,
  { query, path }: Pick<ApiRequest, 'query' | 'path'>,
  { list, source, present, ...options }: FilteredListOptions<Row>,
): Promise<ApiAnswer> => {
  const { rows, fields, ...page } = await listRows<Row>(reader, list, query, { path, rows: source, ...options });
  // Rows of chosen fields are shown as they are.
  const results = fields ? rows : await Promise.all(rows.map((row) => present(row)));
  return { body: { ...page, results } };
};

/** Which page of so many items the query asks for. @throws AppError 404 for a page that there is not */
export const envelope = (
  { query, path }: Pick<ApiRequest, 'query' | 'path'>,
  count: number,
): PageEnvelope & { readonly size: number; readonly page: number } => {
  const size = parsePageSize(query.get('page_size') ?? undefined, { isNarrow: false });
  const pages = Math.max(1, Math.ceil(count / size));
  const wanted = parsePage(query.get('page') ?? undefined);
  const page = wanted === 'last' ? pages : wanted;
  if (page > pages) throw notFound('Invalid page.');
  return { ...renderPage({ count, page, hasNext: page < pages, path, parameters: [...query] }), size, page };
};
