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
 * Refuses requests for a host name that is not ours, so that no page of another site reaches this server through a name
 * that its owner points here (DNS rebinding). A pattern is a name, `.example.com` (it and all below), or `*`.
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
