import { currentContext, runInContext } from '@cyborgbackup/kernel';
import type { Context, Middleware } from 'koa';
import { Readable } from 'node:stream';
import { z } from 'zod';
import type { Authenticate } from '../auth/authenticate.ts';
import type { Idempotency } from '../idempotency/idempotency.ts';
import { addressOf } from '../middleware/request-context.ts';
import { validateBody } from '../validation/validate-body.ts';
import type { Caller } from '../http/core/caller.ts';
import type { ApiAnswer, ApiRequest, Endpoint } from '../http/core/endpoint.ts';
import { forbidden, notAuthenticated } from '../http/core/http-error.ts';
import { readBody } from './read-body.ts';

export interface ServeParts {
  readonly authenticate: Authenticate;
  readonly idempotency: Idempotency;
}

/** @throws HttpError 401 or 403 when this caller may not call this endpoint */
const admit = ({ access, method }: Endpoint, caller: Caller | undefined): void => {
  if (access === 'public') return;
  if (!caller) throw notAuthenticated();
  if (!caller.mayWrite && method !== 'GET') throw forbidden('This token may only read.');
  if (access === 'superuser' && !caller.isSuperuser) throw forbidden();
};

/** True when the caller would be admitted. */
export const mayCall = (endpoint: Endpoint, caller: Caller | undefined): boolean => {
  try {
    admit(endpoint, caller);
    return true;
  } catch {
    return false;
  }
};

/** From here on, what is logged and recorded is the caller's doing. */
const asCaller = <T>(caller: Caller | undefined, work: () => Promise<T>): Promise<T> => {
  const context = currentContext();
  return caller && context ? runInContext({ ...context, actor: { kind: 'user', id: caller.uuid } }, work) : work();
};

/** A response that is closed before it was sent has lost its reader. */
const untilClosed = ({ res }: Context): AbortSignal => {
  const gone = new AbortController();
  res.once('close', () => {
    if (!res.writableFinished) gone.abort();
  });
  return gone.signal;
};

/** Koa reports a stream that fails after the headers were sent and leaves the answer open, as if more could follow. */
const breakOff = ({ res, state }: Context, body: Readable): void => {
  body.once('error', () => {
    // For the log: the caller was still there. Once it has left, whatever the source says is nobody's loss.
    if (!res.closed) state['brokenOff'] = true;
    if (res.headersSent) res.destroy();
  });
};

const requestOf = (ctx: Context, body: unknown, caller: Caller | undefined): Omit<ApiRequest, 'ids' | 'readmit'> => ({
  params: ctx['params'] as Record<string, string>,
  query: new URLSearchParams(ctx.querystring),
  path: ctx.path,
  body,
  caller: () => {
    if (!caller) throw notAuthenticated();
    return caller;
  },
  address: addressOf(ctx.req.socket.remoteAddress),
  header: (name) => ctx.get(name),
  isHead: ctx.method === 'HEAD',
  signal: untilClosed(ctx),
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
  if (body instanceof Readable) breakOff(ctx, body);
  ctx.body = type === undefined ? `${JSON.stringify(body)}\n` : body;
};

/** Of an action that needs to be told nothing. */
const NOTHING = z.object({});

/** Authenticate, admit, validate, handle, answer: the way of every request, in this order. */
export const serveEndpoint =
  (endpoint: Endpoint, { authenticate, idempotency }: ServeParts): Middleware =>
  async (ctx) => {
    const { access, method, echoes } = endpoint;
    const schema = endpoint.body ?? (method === 'POST' ? NOTHING : undefined);
    const address = addressOf(ctx.req.socket.remoteAddress);
    const admitCaller = async (): Promise<Caller | undefined> => {
      const found = access === 'public' ? undefined : await authenticate(ctx.get('Authorization'), address);
      ctx.state['userId'] = found?.id;
      admit(endpoint, found);
      return found;
    };
    const caller = await admitCaller();
    const sent = schema ? await readBody(ctx) : {};
    const body = schema ? validateBody(schema, sent, echoes) : sent;
    const request = requestOf(ctx, body, caller);
    const readmit = async (): Promise<void> => {
      await admitCaller();
    };
    const key = method === 'POST' && caller ? ctx.get('Idempotency-Key') : '';
    const work = (ids: ApiRequest['ids']): Promise<ApiAnswer> => endpoint.handle({ ...request, readmit, ids });
    const answer = await asCaller(caller, () =>
      idempotency.run({ key, owner: caller?.uuid ?? '', path: ctx.path, body: sent }, work),
    );
    send(ctx, answer);
  };
