import Router from '@koa/router';
import type { Middleware } from 'koa';
import type { Endpoint } from './endpoint.ts';
import { methodNotAllowed, notFound } from './http-error.ts';
import { describeEndpoints } from './options-metadata.ts';
import { serveEndpoint, type ServeParts } from './serve-endpoint.ts';

const allowedMethods = (endpoints: readonly Endpoint[]): readonly string[] => {
  const methods = endpoints.map(({ method }) => method);
  return [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'];
};

/** Routes to endpoints; then, for a path that there is, OPTIONS or 405, and 404 for any other. Slashes at the end are optional. */
export const createRouter = (endpoints: readonly Endpoint[], parts: ServeParts): readonly Middleware[] => {
  const router = new Router({ strict: false });
  for (const endpoint of endpoints) router.register(endpoint.path, [endpoint.method], serveEndpoint(endpoint, parts));

  const fallback: Middleware = async (ctx) => {
    const [layer] = router.match(ctx.path, ctx.method).path;
    if (!layer) throw notFound();
    const here = endpoints.filter(({ path }) => path === layer.path);
    const allow = allowedMethods(here);
    if (ctx.method !== 'OPTIONS') throw methodNotAllowed(ctx.method, allow);
    ctx.set('Allow', allow.join(', '));
    ctx.body = await describeEndpoints(here, ctx, parts);
  };
  return [router.routes() as Middleware, fallback];
};
