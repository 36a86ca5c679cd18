import { runInContext, type Logger } from '@cyborgbackup/kernel';
import type { Context, Middleware } from 'koa';
import { randomUUID } from 'node:crypto';
import { createIsTrusted, createSourceAddress, plainAddress } from './source-address.ts';

const PLAIN_ID = /^[\w.:@=+/-]{1,128}$/;

/** Where the request comes from, as `requestContext` found it; see `createSourceAddress`. */
export const addressOf = ({ state }: Context): string => String(state['address'] ?? '');

interface RequestContextOptions {
  readonly trustedProxies: readonly string[];
  readonly logger: Logger;
}

/**
 * Finds where each request comes from, and gives it an id: its caller's X-Request-Id if that is a plain text, else a new one. It is sent back, logged, and
 * recorded with every event that the request causes.
 */
export const requestContext = ({ trustedProxies, logger }: RequestContextOptions): Middleware => {
  const sourceOf = createSourceAddress(trustedProxies);
  const isTrusted = createIsTrusted(trustedProxies);
  let isWarned = false;

  /** Said once: without it, all who come through that proxy count as one. */
  const warnOfProxy = (proxy: string): void => {
    if (isWarned) return;
    isWarned = true;
    logger.warn({ proxy }, 'X-Forwarded-For is ignored: its sender is not in CYBORGBACKUP_TRUSTED_PROXIES');
  };

  return async (ctx, next) => {
    const sent = ctx.get('X-Request-Id');
    const correlationId = PLAIN_ID.test(sent) ? sent : randomUUID();
    ctx.set('X-Request-Id', correlationId);
    const forwardedFor = ctx.get('X-Forwarded-For');
    const peer = ctx.req.socket.remoteAddress ?? '';
    const sourceAddress = sourceOf(peer, forwardedFor);
    if (forwardedFor !== '' && !isTrusted(plainAddress(peer) ?? '')) warnOfProxy(sourceAddress);
    ctx.state['address'] = sourceAddress;
    const context = { actor: { kind: 'system', id: 'gateway' }, correlationId, causationId: correlationId } as const;
    await runInContext(sourceAddress ? { ...context, sourceAddress } : context, next);
  };
};

/** `X-API-Time: 0.012s`, as the original has it. */
export const apiTime: Middleware = async (ctx, next) => {
  const start = performance.now();
  await next();
  ctx.set('X-API-Time', `${((performance.now() - start) / 1_000).toFixed(3)}s`);
};
