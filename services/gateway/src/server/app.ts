import type { Clock, Logger } from '@cyborgbackup/kernel';
import type { Check } from '@cyborgbackup/service';
import Koa, { type Middleware } from 'koa';
import { accessLog } from '../middleware/access-log.ts';
import { allowedHosts } from '../middleware/allowed-hosts.ts';
import { answerErrors } from '../middleware/answer-errors.ts';
import { apiTime } from '../middleware/api-time.ts';
import { cors } from '../middleware/cors.ts';
import { health } from '../middleware/health.ts';
import { logBrokenAnswers } from '../middleware/log-broken-answers.ts';
import { rateLimit } from '../middleware/rate-limit.ts';
import { requestContext } from '../middleware/request-context.ts';
import { securityHeaders } from '../middleware/security-headers.ts';

export interface AppOptions {
  readonly logger: Logger;
  readonly clock: Clock;
  readonly allowedHosts: readonly string[];
  readonly corsOrigins: readonly string[];
  /** Requests per second of one address. */
  readonly requestsPerSecond: number;
  readonly checks: () => Promise<readonly Check[]>;
  readonly routes: readonly Middleware[];
}

/** The order matters: each may rely on those above it. */
export const createApp = (options: AppOptions): Koa => {
  const { logger } = options;
  const app = new Koa();
  app.on('error', logBrokenAnswers(logger));
  const middleware: readonly Middleware[] = [
    requestContext,
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
