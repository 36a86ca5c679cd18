import type { ApiRequest } from './endpoint.ts';
import { badRequest } from './http-error.ts';
import { envelope, type PageEnvelope } from './list-endpoint.ts';

const RESERVED = new Set(['page', 'page_size', 'format', 'order', 'order_by', 'search', 'type', 'fields']);

/** Items whose fields have exactly the values that the query names. @throws HttpError 400 for a field they do not have */
const matching = <Item extends object>(label: string, query: URLSearchParams, items: readonly Item[]): Item[] => {
  const wanted = [...query].filter(([name]) => !RESERVED.has(name));
  for (const [name] of wanted) {
    if (items.some((item) => !(name in item))) throw badRequest(`${label} has no field named '${name}'`);
  }
  return items.filter((item) => {
    const values = new Map<string, unknown>(Object.entries(item));
    return wanted.every(([name, value]) => String(values.get(name)) === value);
  });
};

/** A list that is short enough to be filtered (by equal values) and paged in memory. */
export const pageOfItems = <Item extends object>(
  request: ApiRequest,
  label: string,
  items: readonly Item[],
): PageEnvelope & { results: Item[] } => {
  const found = matching(label, request.query, items);
  const { size, page, ...rest } = envelope(request, found.length);
  return { ...rest, results: found.slice((page - 1) * size, page * size) };
};
