import { runInContext } from '@cyborgbackup/kernel';
import type { Context, Middleware } from 'koa';
import { randomUUID } from 'node:crypto';

const PLAIN_ID = /^[\w.:@=+/-]{1,128}$/;

/** The peer's address; IPv4 in its usual form also on a socket for both. */
export const addressOf = ({ req }: Context): string => (req.socket.remoteAddress ?? '').replace(/^::ffff:/, '');

/**
 * Gives each request an id: its caller's X-Request-Id if that is a plain text, else a new one. It is sent back, logged, and
 * recorded with every event that the request causes.
 */
export const requestContext: Middleware = async (ctx, next) => {
  const sent = ctx.get('X-Request-Id');
  const correlationId = PLAIN_ID.test(sent) ? sent : randomUUID();
  ctx.set('X-Request-Id', correlationId);
  const sourceAddress = addressOf(ctx);
  const context = { actor: { kind: 'system', id: 'gateway' }, correlationId, causationId: correlationId } as const;
  await runInContext(sourceAddress ? { ...context, sourceAddress } : context, next);
};

/** `X-API-Time: 0.012s`, as the original has it. */
export const apiTime: Middleware = async (ctx, next) => {
  const start = performance.now();
  await next();
  ctx.set('X-API-Time', `${((performance.now() - start) / 1_000).toFixed(3)}s`);
};
