import type { z } from 'zod';
import type { PageEnvelope } from '../../lists/index.ts';
import type { ApiRequest } from '../core/endpoint.ts';
import { badRequest } from '../core/http-error.ts';
import { pageOf } from './list-endpoint.ts';

const RESERVED = new Set(['page', 'page_size', 'format', 'order', 'order_by', 'search', 'type', 'fields']);

interface ShortList<Item extends object> {
  /** For example `Token`. */
  readonly label: string;
  /** Of each item: its fields are those that can be filtered by. */
  readonly schema: z.ZodObject;
  readonly items: readonly Item[];
}

/** Items whose fields have exactly the values that the query names. @throws HttpError 400 for a field they do not have */
const matching = <Item extends object>(query: URLSearchParams, { label, schema, items }: ShortList<Item>): Item[] => {
  const filters = [...query].filter(([name]) => !RESERVED.has(name));
  for (const [name] of filters) {
    if (!Object.hasOwn(schema.shape, name)) throw badRequest(`${label} has no field named '${name}'`);
  }
  return items.filter((item) => {
    const values = new Map<string, unknown>(Object.entries(item));
    return filters.every(([name, value]) => String(values.get(name)) === value);
  });
};

/** A list that is short enough to be filtered (by equal values) and paged in memory. */
export const pageOfItems = <Item extends object>(
  request: ApiRequest,
  list: ShortList<Item>,
): PageEnvelope & { results: Item[] } => {
  const found = matching(request.query, list);
  const { envelope, offset, limit } = pageOf(request, found.length);
  return { ...envelope, results: found.slice(offset, offset + limit) };
};
