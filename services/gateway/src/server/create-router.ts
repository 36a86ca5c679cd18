import Router from '@koa/router';
import type { Middleware } from 'koa';
import type { Endpoint } from '../http/core/endpoint.ts';
import { methodNotAllowed, notFound } from '../http/core/http-error.ts';
import { describeEndpoints } from './options-metadata.ts';
import { serveEndpoint, type ServeDeps } from './serve-endpoint.ts';

const allowedMethods = (endpoints: readonly Endpoint[]): readonly string[] => {
  const methods = endpoints.map(({ method }) => method);
  return [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'];
};

/** Serves all methods of one path: its endpoints, OPTIONS, and 405 for the others. */
const servePath = (endpoints: readonly Endpoint[], deps: ServeDeps): Middleware => {
  const allow = allowedMethods(endpoints);
  const served = new Map<string, Middleware>(
    endpoints.map((endpoint) => [endpoint.method, serveEndpoint(endpoint, deps)]),
  );
  return async (ctx, next) => {
    const serve = served.get(ctx.method === 'HEAD' ? 'GET' : ctx.method);
    if (serve) return serve(ctx, next) as unknown;
    if (ctx.method !== 'OPTIONS') throw methodNotAllowed(ctx.method, allow);
    ctx.set('Allow', allow.join(', '));
    ctx.body = await describeEndpoints(endpoints, ctx, deps);
    return undefined;
  };
};

const unknownPath: Middleware = () => {
  throw notFound();
};

/** The first matching path serves, so `/policies/vmmodule` comes before `/policies/:id`. A slash at the end is optional. */
export const createRouter = (endpoints: readonly Endpoint[], deps: ServeDeps): readonly Middleware[] => {
  const router = new Router({ strict: false });
  for (const [path, group] of Map.groupBy(endpoints, (endpoint) => endpoint.path)) {
    router.all(path, servePath(group, deps));
  }
  return [router.routes() as Middleware, unknownPath];
};
