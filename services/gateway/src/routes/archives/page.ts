import { envelope, type PageEnvelope } from '../../http/lists/list-endpoint.ts';
import type { ApiRequest } from '../../http/core/endpoint.ts';

/** Where a page is in a list whose length is known. */
export interface Page {
  readonly envelope: PageEnvelope;
  readonly limit: number;
  readonly offset: number;
}

/** @throws HttpError 404 for a page that there is not */
export const pageOf = (request: Pick<ApiRequest, 'query' | 'path'>, count: number): Page => {
  const { size, page, ...rest } = envelope(request, count);
  return { envelope: rest, limit: size, offset: (page - 1) * size };
};
