import { z } from 'zod';
import type { Reader } from '../read/reader.ts';
import type { ApiRequest } from './endpoint.ts';
import { notFound } from './http-error.ts';

/** Where the rows of a resource come from; the table that rows are of has the alias `t`. */
export interface RowSource {
  /** What follows SELECT. */
  readonly select: string;
  /** What follows FROM, joins included. */
  readonly from: string;
}

export interface ListOptions {
  readonly source: RowSource;
  /** A fixed condition with `$1`, … for `values`. */
  readonly where?: string;
  readonly values?: readonly unknown[];
  /** What follows ORDER BY; newest first unless told. */
  readonly order?: string;
}

export interface PageEnvelope {
  readonly count: number;
  readonly next: string | null;
  readonly previous: string | null;
}

export interface Page<Row> extends PageEnvelope {
  readonly rows: readonly Row[];
}

export const listSchema = (item: z.ZodType): z.ZodObject =>
  z.object({
    count: z.int(),
    next: z.string().nullable(),
    previous: z.string().nullable(),
    results: z.array(item),
  });

const DEFAULT_SIZE = 100;
const MAX_SIZE = 1_000;

const sizeOf = (query: URLSearchParams): number => {
  const wanted = Number(query.get('page_size'));
  return Number.isInteger(wanted) && wanted > 0 ? Math.min(wanted, MAX_SIZE) : DEFAULT_SIZE;
};

const pageOf = (query: URLSearchParams, pages: number): number => {
  const wanted = query.get('page') ?? '1';
  const page = wanted === 'last' ? pages : /^\d{1,9}$/.test(wanted) ? Number(wanted) : 0;
  if (page < 1 || page > pages) throw notFound('Invalid page.');
  return page;
};

const linkTo = ({ path, query }: ApiRequest, page: number): string => {
  const parameters = new URLSearchParams(query);
  parameters.set('page', String(page));
  parameters.sort();
  return `${path.replace(/\/?$/, '/')}?${parameters.toString()}`;
};

/** Which page of so many items the query asks for. @throws HttpError 404 for a page that there is not */
export const envelope = (request: ApiRequest, count: number): PageEnvelope & { size: number; page: number } => {
  const size = sizeOf(request.query);
  const pages = Math.max(1, Math.ceil(count / size));
  const page = pageOf(request.query, pages);
  return {
    count,
    next: page < pages ? linkTo(request, page + 1) : null,
    previous: page > 1 ? linkTo(request, page - 1) : null,
    size,
    page,
  };
};

/** One page of a list, as the query asks for it. */
export const readPage = async <Row extends object>(
  reader: Reader,
  request: ApiRequest,
  { source, where = 'true', values = [], order = 't.id desc' }: ListOptions,
): Promise<Page<Row>> => {
  const from = `from ${source.from} where ${where}`;
  const counted = await reader.row<{ count: number }>(`select count(*) as count ${from}`, values);
  const { size, page, ...rest } = envelope(request, counted?.count ?? 0);
  const rows = await reader.rows<Row>(
    `select ${source.select} ${from} order by ${order} limit ${size} offset ${(page - 1) * size}`,
    values,
  );
  return { ...rest, rows };
};
