import type { Check } from '@cyborgbackup/service';
import type { Middleware } from 'koa';

/** `/healthz`: the process answers. `/readyz`: it can work, or 503 with what is missing. Both are for anybody. */
export const health =
  (checks: () => Promise<readonly Check[]>): Middleware =>
  async (ctx, next) => {
    if (ctx.path === '/healthz') ctx.body = { status: 'ok' };
    else if (ctx.path === '/readyz') {
      const all = await checks();
      const isReady = all.every(({ ready }) => ready);
      ctx.status = isReady ? 200 : 503;
      ctx.body = { status: isReady ? 'ready' : 'not ready', checks: all };
    } else await next();
  };
