import { currentContext, runInContext } from '@cyborgbackup/kernel';
import type { Context, Middleware } from 'koa';
import { Readable } from 'node:stream';
import { z } from 'zod';
import { outsideReadScope, runInReadScope } from '../db/read-scope.ts';
import type { Authenticate } from '../auth/authenticate.ts';
import { hasScope, type ApiAnswer, type ApiRequest, type Caller, type Endpoint } from '../http/core/endpoint.ts';
import { beyondScope, forbidden, notAuthenticated } from '../http/core/http-error.ts';
import { jsonText } from '../http/core/json-text.ts';
import type { Idempotency } from '../idempotency/idempotency.ts';
import { addressOf } from '../middleware/request-context.ts';
import { validateBody } from '../validation/validate-body.ts';
import { readBody } from './read-body.ts';

export interface ServeDeps {
  readonly authenticate: Authenticate;
  readonly idempotency: Idempotency;
}

/** Why the personal token of the request is not enough; undefined without one. */
const tokenRefusal = ({ method, token }: Endpoint, caller: Caller): Error | undefined => {
  if (!caller.tokenScopes) return undefined;
  if (method !== 'GET' && !hasScope(caller, 'write')) return forbidden('This token may only read.');
  if (token === 'never') return forbidden('No token may do this: log in with email and password.');
  return token === undefined || hasScope(caller, token) ? undefined : beyondScope(token);
};

/** Why this caller may not call this endpoint (401 or 403); undefined when it may. */
export const refusalOf = (endpoint: Endpoint, caller: Caller | undefined): Error | undefined => {
  const { access } = endpoint;
  if (access === 'public') return undefined;
  if (!caller) return notAuthenticated();
  if (access === 'superuser' && !caller.isSuperuser) return forbidden();
  return tokenRefusal(endpoint, caller);
};

/** From here on, the caller is the actor of all that is logged and recorded. */
const runAs = <T>(caller: Caller | undefined, work: () => Promise<T>): Promise<T> => {
  const context = currentContext();
  return caller && context ? runInContext({ ...context, actor: { kind: 'user', id: caller.uuid } }, work) : work();
};

/** Fires when the response is closed before it was sent: the caller is gone. */
const closedSignal = ({ res }: Context): AbortSignal => {
  const closed = new AbortController();
  res.once('close', () => {
    if (!res.writableFinished) closed.abort();
  });
  return closed.signal;
};

/** Breaks the connection when the body fails: Koa would leave the answer open, as if more could follow. */
const abortResponse = ({ res, state }: Context, body: Readable): void => {
  body.once('error', () => {
    // For the log: the caller was still there. Once it has left, an error of the source affects nothing.
    if (!res.closed) state['wasAborted'] = true;
    if (res.headersSent) res.destroy();
  });
};

const requestOf = (
  ctx: Context,
  body: unknown,
  caller: Caller | undefined,
): Omit<ApiRequest, 'ids' | 'reauthorize'> => ({
  params: ctx['params'] as Record<string, string>,
  query: new URLSearchParams(ctx.querystring),
  path: ctx.path,
  body,
  caller: () => {
    if (!caller) throw notAuthenticated();
    return caller;
  },
  address: addressOf(ctx),
  header: (name) => ctx.get(name),
  isHead: ctx.method === 'HEAD',
  signal: closedSignal(ctx),
});

const send = (ctx: Context, { status = 200, body, type, headers = {} }: ApiAnswer): void => {
  ctx.status = status;
  ctx.set(headers);
  if (body === undefined) {
    // Koa would make 204 of a status that allows a body.
    ctx.response.body = '';
    return;
  }
  ctx.type = type ?? 'application/json';
  if (body instanceof Readable) abortResponse(ctx, body);
  ctx.body = type === undefined ? `${jsonText(body)}\n` : body;
};

/** The body of an action without parameters. */
const EMPTY_BODY = z.object({});

/** Each request is authenticated, authorized, validated, handled and answered, in this order. */
export const serveEndpoint =
  (endpoint: Endpoint, { authenticate, idempotency }: ServeDeps): Middleware =>
  async (ctx) => {
    const { access, method } = endpoint;
    const authorize = async (): Promise<Caller | undefined> => {
      const found = access === 'public' ? undefined : await authenticate(ctx.get('Authorization'), addressOf(ctx));
      ctx.state['userId'] = found?.id;
      const refusal = refusalOf(endpoint, found);
      if (refusal) throw refusal;
      return found;
    };
    const caller = await authorize();
    const schema = endpoint.body ?? (method === 'POST' ? EMPTY_BODY : undefined);
    const sent = schema ? await readBody(ctx) : {};
    const body = schema ? validateBody(schema, sent, endpoint.ignoredFields) : sent;
    const request = requestOf(ctx, body, caller);
    const reauthorize = async (): Promise<void> => {
      await outsideReadScope(authorize);
    };
    const key = method === 'POST' && caller ? ctx.get('Idempotency-Key') : '';
    const handle = (ids: ApiRequest['ids']): Promise<ApiAnswer> => endpoint.handle({ ...request, reauthorize, ids });
    // A write goes on without its caller: what it has begun, it finishes.
    const scope = { budgetOf: endpoint.isCostly ? (caller?.uuid ?? '') : undefined, signal: request.signal };
    const read = (ids: ApiRequest['ids']): Promise<ApiAnswer> => runInReadScope(scope, () => handle(ids));
    const answer = await runAs(caller, () =>
      idempotency.run({ key, owner: caller?.uuid ?? '', path: ctx.path, body: sent }, method === 'GET' ? read : handle),
    );
    send(ctx, answer);
  };
