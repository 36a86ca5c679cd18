import { runInContext } from '@cyborgbackup/kernel';
import type { Middleware } from 'koa';
import { randomUUID } from 'node:crypto';

const SANE = /^[\w.:@=+/-]{1,128}$/;

export const addressOf = (remoteAddress: string | undefined): string => (remoteAddress ?? '').replace(/^::ffff:/, '');

/**
 * Gives each request an id, its caller's X-Request-Id if that looks like one; it is sent back, logged, and recorded with
 * every event that the request causes.
 */
export const requestContext: Middleware = async (ctx, next) => {
  const sent = ctx.get('X-Request-Id');
  const correlationId = SANE.test(sent) ? sent : randomUUID();
  ctx.set('X-Request-Id', correlationId);
  const sourceAddress = addressOf(ctx.req.socket.remoteAddress);
  const context = { actor: { kind: 'system', id: 'gateway' }, correlationId, causationId: correlationId } as const;
  await runInContext(sourceAddress ? { ...context, sourceAddress } : context, next);
};
