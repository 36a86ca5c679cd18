import type { Clock } from '@cyborgbackup/kernel';
import type { Middleware } from 'koa';
import { tooManyRequests } from '../http/core/http-error.ts';
import { addressOf } from './request-context.ts';
import { networkOf } from './source-address.ts';

interface Bucket {
  tokens: number;
  filledAt: number;
}

/** The bucket holds as many requests as four seconds give. */
const BURST_SECONDS = 4;
const MAX_ADDRESSES = 10_000;

/**
 * A token bucket for each address (IPv6: each /64): a client that exceeds its rate is told to wait, before any work is done for it.
 * @param options.perSecond the sustained rate
 */
export const rateLimit = ({ perSecond, clock }: { readonly perSecond: number; readonly clock: Clock }): Middleware => {
  const buckets = new Map<string, Bucket>();
  const capacity = perSecond * BURST_SECONDS;

  const take = (address: string): boolean => {
    const now = clock.now();
    const bucket = buckets.get(address) ?? { tokens: capacity, filledAt: now };
    bucket.tokens = Math.min(capacity, bucket.tokens + ((now - bucket.filledAt) / 1_000) * perSecond);
    bucket.filledAt = now;
    if (buckets.size >= MAX_ADDRESSES && !buckets.has(address)) buckets.clear();
    buckets.set(address, bucket);
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  };

  return async (ctx, next) => {
    if (!take(networkOf(addressOf(ctx)))) throw tooManyRequests(1);
    await next();
  };
};
