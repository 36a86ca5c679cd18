import type { ApiRequest } from './endpoint.ts';
import { envelope, type PageEnvelope } from './list-endpoint.ts';

/** A list that is short enough to be paged in memory. */
export const pageOfItems = <Item>(request: ApiRequest, items: readonly Item[]): PageEnvelope & { results: Item[] } => {
  const { size, page, ...rest } = envelope(request, items.length);
  return { ...rest, results: items.slice((page - 1) * size, page * size) };
};
