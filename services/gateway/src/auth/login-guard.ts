import type { Clock } from '@cyborgbackup/kernel';
import { tooManyRequests } from '../http/core/http-error.ts';

/** Counts failed log-ins, and locks log-ins for a while after too many of them. */
export interface LoginGuard {
  /** @throws HttpError 429 while log-ins are locked */
  check(email: string, address: string): void;
  failed(email: string, address: string): void;
  succeeded(email: string, address: string): void;
}

interface Failures {
  count: number;
  /** Milliseconds since the epoch. */
  lockedUntil: number;
  last: number;
}

const FREE_FAILURES = 5;
const FIRST_LOCK_MILLIS = 2_000;
const LONGEST_LOCK_MILLIS = 15 * 60_000;
const FORGOTTEN_AFTER_MILLIS = 60 * 60_000;
const MAX_REMEMBERED = 10_000;

/**
 * Failures are counted for each pair of email and address, so that no user can lock out another, and for each address
 * alone (ten times as many), so that one address cannot try one password on every account. After the free failures each
 * further one doubles the wait: 2, 4, 8 … seconds, 15 minutes at most. A success forgets the pair's failures; an hour
 * without a failure forgets all.
 */
export const createLoginGuard = (clock: Clock): LoginGuard => {
  const remembered = new Map<string, Failures>();

  const keysOf = (email: string, address: string): readonly (readonly [key: string, free: number])[] => [
    [`${address} ${email.trim().toLowerCase().slice(0, 254)}`, FREE_FAILURES],
    [address, 10 * FREE_FAILURES],
  ];

  const get = (key: string): Failures | undefined => {
    const found = remembered.get(key);
    if (found && clock.now() - found.last < FORGOTTEN_AFTER_MILLIS) return found;
    remembered.delete(key);
    return undefined;
  };

  const count = (key: string, free: number): void => {
    const now = clock.now();
    const failures = get(key) ?? { count: 0, lockedUntil: 0, last: now };
    failures.count += 1;
    failures.last = now;
    const excess = failures.count - free;
    if (excess >= 0) failures.lockedUntil = now + Math.min(FIRST_LOCK_MILLIS * 2 ** excess, LONGEST_LOCK_MILLIS);
    remembered.delete(key);
    remembered.set(key, failures);
    const [oldest] = remembered.keys();
    if (remembered.size > MAX_REMEMBERED && oldest !== undefined) remembered.delete(oldest);
  };

  return {
    check: (email, address) => {
      for (const [key] of keysOf(email, address)) {
        const wait = (get(key)?.lockedUntil ?? 0) - clock.now();
        if (wait > 0) throw tooManyRequests(Math.ceil(wait / 1_000), 'Too many failed log-ins.');
      }
    },
    failed: (email, address) => {
      for (const [key, free] of keysOf(email, address)) count(key, free);
    },
    succeeded: (email, address) => {
      const [pair] = keysOf(email, address);
      if (pair) remembered.delete(pair[0]);
    },
  };
};
