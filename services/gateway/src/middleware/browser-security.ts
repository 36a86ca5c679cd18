import type { Middleware } from 'koa';
import { badRequest } from '../http/core/http-error.ts';

/** Kubernetes and load balancers ask for these by address. */
const ANY_HOST = new Set(['/healthz', '/readyz']);

const nameOf = (host: string): string => host.toLowerCase().replace(/:\d*$/, '').replace(/\.$/, '');

const allows = (pattern: string, name: string): boolean => {
  if (pattern === '*') return true;
  return pattern.startsWith('.') ? name === pattern.slice(1) || name.endsWith(pattern) : name === pattern;
};

/**
 * Refuses requests for the host name of another site, so that a page of that site cannot reach this server by letting its own
 * name point here (DNS rebinding). A pattern is a name, `.example.com` (it and all below), or `*`.
 */
export const allowedHosts =
  (patterns: readonly string[]): Middleware =>
  async (ctx, next) => {
    const name = nameOf(ctx.get('Host'));
    if (!ANY_HOST.has(ctx.path) && !patterns.some((pattern) => allows(pattern.toLowerCase(), name))) {
      throw badRequest(
        'This server does not answer for that host name; CYBORGBACKUP_ALLOWED_HOSTS lists those it does.',
      );
    }
    await next();
  };

const METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS';
const REQUEST_HEADERS = 'Authorization, Content-Type, If-Match, Idempotency-Key, X-Request-Id';
const ANSWER_HEADERS = 'ETag, Location, Retry-After, X-Token, X-Request-Id, X-API-Time, X-UI-Max-Events';

/** Lets pages of the listed origins call the API; the browser refuses the others. No cookies are involved. */
export const cors = (origins: readonly string[]): Middleware => {
  const allowed = new Set(origins);
  return async (ctx, next) => {
    ctx.vary('Origin');
    const origin = ctx.get('Origin');
    if (!allowed.has(origin) && !(origin && allowed.has('*'))) {
      await next();
      return;
    }
    ctx.set('Access-Control-Allow-Origin', origin);
    ctx.set('Access-Control-Expose-Headers', ANSWER_HEADERS);
    ctx.set('Cross-Origin-Resource-Policy', 'cross-origin');
    if (ctx.method !== 'OPTIONS' || !ctx.get('Access-Control-Request-Method')) {
      await next();
      return;
    }
    ctx.set('Access-Control-Allow-Methods', METHODS);
    ctx.set('Access-Control-Allow-Headers', REQUEST_HEADERS);
    ctx.set('Access-Control-Max-Age', '600');
    ctx.status = 204;
  };
};

const SECURITY_HEADERS = {
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'same-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Cache-Control': 'no-store',
};

/** Set before the handler runs, so that one that answers with a page can replace a header. */
export const securityHeaders: Middleware = async (ctx, next) => {
  ctx.set(SECURITY_HEADERS);
  await next();
};
