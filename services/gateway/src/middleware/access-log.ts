import type { Logger } from '@cyborgbackup/kernel';
import type { Middleware } from 'koa';
import { addressOf } from './request-context.ts';

/** Asked for every few seconds, all day. */
const PROBES = new Set(['/healthz', '/readyz']);

/** One line for each answer. The query stays out of it: filters may hold anything. */
export const accessLog =
  (logger: Logger): Middleware =>
  async (ctx, next) => {
    const start = performance.now();
    try {
      await next();
    } finally {
      const { method, path, status } = ctx;
      const millis = Math.round(performance.now() - start);
      const address = addressOf(ctx.req.socket.remoteAddress);
      const level = PROBES.has(path) ? 'debug' : 'info';
      logger[level]({ method, path, status, millis, address, user: ctx.state['userId'] as unknown }, 'answered');
    }
  };
