import type { Middleware } from 'koa';

/** `X-API-Time: 0.012s`, as the original has it. */
export const apiTime: Middleware = async (ctx, next) => {
  const start = performance.now();
  await next();
  ctx.set('X-API-Time', `${((performance.now() - start) / 1_000).toFixed(3)}s`);
};
