import type { z } from 'zod';
import type { ApiRequest } from '../core/endpoint.ts';
import { badRequest } from '../core/http-error.ts';
import { envelope, type PageEnvelope } from './list-endpoint.ts';

const RESERVED = new Set(['page', 'page_size', 'format', 'order', 'order_by', 'search', 'type', 'fields']);

export interface ItemsOfPage<Item extends object> {
  /** For example `Token`. */
  readonly label: string;
  /** Of each item: it tells by which fields can be filtered, also when there are no items. */
  readonly schema: z.ZodObject;
  readonly items: readonly Item[];
}

/** Items whose fields have exactly the values that the query names. @throws HttpError 400 for a field they do not have */
const matching = <Item extends object>(query: URLSearchParams, { label, schema, items }: ItemsOfPage<Item>): Item[] => {
  const wanted = [...query].filter(([name]) => !RESERVED.has(name));
  for (const [name] of wanted) {
    if (!Object.hasOwn(schema.shape, name)) throw badRequest(`${label} has no field named '${name}'`);
  }
  return items.filter((item) => {
    const values = new Map<string, unknown>(Object.entries(item));
    return wanted.every(([name, value]) => String(values.get(name)) === value);
  });
};

/** A list that is short enough to be filtered (by equal values) and paged in memory. */
export const pageOfItems = <Item extends object>(
  request: ApiRequest,
  list: ItemsOfPage<Item>,
): PageEnvelope & { results: Item[] } => {
  const found = matching(request.query, list);
  const { size, page, ...rest } = envelope(request, found.length);
  return { ...rest, results: found.slice((page - 1) * size, page * size) };
};
