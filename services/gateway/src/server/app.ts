import type { Clock, Logger } from '@cyborgbackup/kernel';
import type { Check } from '@cyborgbackup/service';
import Koa, { type Middleware } from 'koa';
import { accessLog, logBrokenAnswers } from '../middleware/access-log.ts';
import { answerErrors } from '../middleware/answer-errors.ts';
import { allowedHosts, cors, securityHeaders } from '../middleware/browser-security.ts';
import { rateLimit } from '../middleware/rate-limit.ts';
import { apiTime, requestContext } from '../middleware/request-context.ts';

interface AppOptions {
  readonly logger: Logger;
  readonly clock: Clock;
  readonly allowedHosts: readonly string[];
  readonly corsOrigins: readonly string[];
  /** Networks of the proxies whose X-Forwarded-For counts. */
  readonly trustedProxies: readonly string[];
  /** Requests per second of one address. */
  readonly requestsPerSecond: number;
  readonly checks: () => Promise<readonly Check[]>;
  readonly routes: readonly Middleware[];
}

/** `/healthz`: the process answers. `/readyz`: it can work, or 503 with what is missing. Neither needs credentials. */
const health =
  (checks: AppOptions['checks']): Middleware =>
  async (ctx, next) => {
    if (ctx.path === '/healthz') ctx.body = { status: 'ok' };
    else if (ctx.path === '/readyz') {
      const all = await checks();
      const isReady = all.every(({ ready }) => ready);
      ctx.status = isReady ? 200 : 503;
      ctx.body = { status: isReady ? 'ready' : 'not ready', checks: all };
    } else await next();
  };

/** The order matters: each may rely on those above it. */
export const createApp = (options: AppOptions): Koa => {
  const { logger } = options;
  const app = new Koa();
  app.on('error', logBrokenAnswers(logger));
  const middleware: readonly Middleware[] = [
    requestContext({ trustedProxies: options.trustedProxies, logger }),
    accessLog(logger),
    apiTime,
    securityHeaders,
    answerErrors(logger),
    allowedHosts(options.allowedHosts),
    health(options.checks),
    cors(options.corsOrigins),
    rateLimit({ perSecond: options.requestsPerSecond, clock: options.clock }),
    ...options.routes,
  ];
  for (const one of middleware) app.use(one);
  return app;
};
