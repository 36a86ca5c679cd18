import type { Context } from 'koa';
import { addressOf } from '../middleware/request-context.ts';
import type { Endpoint } from './endpoint.ts';
import { describeFields } from './field-metadata.ts';
import { mayCall, type ServeParts } from './serve-endpoint.ts';

/** What OPTIONS tells of a path; `actions` only as far as the caller may go. */
export const describeEndpoints = async (
  endpoints: readonly Endpoint[],
  ctx: Context,
  { authenticate }: ServeParts,
): Promise<object> => {
  const caller = await authenticate(ctx.get('Authorization'), addressOf(ctx.req.socket.remoteAddress));
  const permitted = caller ? endpoints.filter((endpoint) => mayCall(endpoint, caller)) : [];
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
    ...(endpoints.some(({ isList }) => isList) ? { max_page_size: 1_000 } : {}),
  };
};
