import type { Logger } from '@cyborgbackup/kernel';
import type { Middleware } from 'koa';
import { addressOf } from './request-context.ts';

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
      logger.info({ method, path, status, millis, address, user: ctx.state['userId'] as unknown }, 'answered');
    }
  };
