import type { Context } from 'koa';
import type { Endpoint } from '../http/core/endpoint.ts';
import { MAX_SIZE } from '../lists/parse/page-parameters.ts';
import { addressOf } from '../middleware/request-context.ts';
import { describeFields } from './field-metadata.ts';
import { refusalOf, type ServeDeps } from './serve-endpoint.ts';

const listMetadata = (endpoints: readonly Endpoint[]): object => {
  const list = endpoints.find((one) => one.list)?.list;
  if (!list) return {};
  const related = Object.keys(list.relations).map((name) => `${name}__search`);
  return { types: [list.type], search_fields: list.search, related_search_fields: related, max_page_size: MAX_SIZE };
};

/** The answer to OPTIONS; `actions` has only the methods that the caller may use. */
export const describeEndpoints = async (
  endpoints: readonly Endpoint[],
  ctx: Context,
  { authenticate }: ServeDeps,
): Promise<object> => {
  const caller = await authenticate(ctx.get('Authorization'), addressOf(ctx));
  const permitted = caller ? endpoints.filter((endpoint) => !refusalOf(endpoint, caller)) : [];
  const actions = Object.fromEntries(
    permitted.flatMap(({ method, answers, body }): readonly (readonly [string, object])[] => {
      if (method === 'GET') return [[method, describeFields(answers, { isReadOnly: true })]];
      return body ? [[method, describeFields(body, { isReadOnly: false })]] : [];
    }),
  );
  const [first] = endpoints;
  return {
    name: first?.tag ?? '',
    description: first?.summary ?? '',
    renders: ['application/json'],
    parses: ['application/json'],
    ...(permitted.length > 0 ? { actions } : {}),
    ...listMetadata(endpoints),
  };
};
