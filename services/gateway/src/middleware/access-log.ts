import { messageOf, type Logger } from '@cyborgbackup/kernel';
import type { Context, Middleware } from 'koa';
import { addressOf } from './request-context.ts';

/** Health probes come every few seconds, all day. */
const PROBES = new Set(['/healthz', '/readyz']);

/** Logs one line for each answer. The query is left out: filters may hold anything. */
export const accessLog =
  (logger: Logger): Middleware =>
  async (ctx, next) => {
    const start = performance.now();
    try {
      await next();
    } finally {
      const { method, path, status } = ctx;
      const millis = Math.round(performance.now() - start);
      const level = PROBES.has(path) ? 'debug' : 'info';
      const user = ctx.state['userId'] as unknown;
      logger[level]({ method, path, status, millis, address: addressOf(ctx), user }, 'answered');
    }
  };

/**
 * Logs what goes wrong after an answer began, which Koa reports to its application. It is a warning only while the connection
 * is open: a caller that has all announced bytes closes it, possibly before the source of the bytes has ended.
 */
export const logBrokenAnswers =
  (logger: Logger) =>
  (error: unknown, ctx?: Context): void => {
    // Koa reports it outside of the request's context, so the id is not logged by itself.
    const request = ctx && { correlationId: ctx.response.get('X-Request-Id'), method: ctx.method, path: ctx.path };
    const line = { ...request, reason: messageOf(error) };
    if (ctx?.res.closed === true && ctx.state['wasAborted'] !== true) {
      logger.debug(line, 'the caller left before the answer ended');
    } else logger.warn(line, 'an answer could not be sent');
  };
