import { delay, messageOf, type Logger } from '@cyborgbackup/kernel';
import type { Pool } from 'pg';
import { FencedOutError, installCheckpoint } from './checkpoint.ts';
import { acquireLease, underLease, type Lease } from './lease.ts';

export interface HoldLeaseOptions {
  readonly pool: Pool;
  /** Of the lease; no projection may have the same. */
  readonly name: string;
  /** Unique among all processes that run now. */
  readonly owner: string;
  readonly logger: Logger;
  /** Ends the work and gives the lease back. */
  readonly signal: AbortSignal;
  /** Takes the lease, if it is free. Default: one that guards no tables, whose checkpoint never moves. */
  readonly acquire?: () => Promise<Lease | undefined>;
}

const LEASE_POLL_MILLIS = 1_000;
const FIRST_RETRY_MILLIS = 100;
const LAST_RETRY_MILLIS = 5_000;
/** Work that went on for this long had overcome what interrupted it before. */
const STABLE_MILLIS = 10_000;

/**
 * Has one process at a time do some work that never ends by itself, until the signal aborts; any number of processes may
 * call it. Each is in one of these states:
 *
 * - waiting: another one holds the lease. It is looked at every second; that of a process that died is free within 7 s.
 * - working: until the work's signal aborts, because the caller's did or the lease was lost, or until the work fails. It
 *   is then given back, and after 0.1 s at first and 5 s at most this process waits for it again, with all others.
 *
 * A process that was stopped for a while may believe for some time that it still holds the lease: work that must not be
 * done twice needs a guard of its own, such as an append at an exact version, or the lease's fence.
 */
export const holdLease = async (
  options: HoldLeaseOptions,
  work: (signal: AbortSignal, lease: Lease) => Promise<void>,
): Promise<void> => {
  const { name, logger, signal, acquire = () => takeLease(options) } = options;
  let retryMillis = FIRST_RETRY_MILLIS;
  while (!signal.aborted) {
    const begun = Date.now();
    try {
      const lease = await acquire();
      const isLost = lease !== undefined && (await workUnder(options, lease, work));
      if (!isLost) await delay(LEASE_POLL_MILLIS, signal);
    } catch (error) {
      if (signal.aborted) return;
      if (Date.now() - begun > STABLE_MILLIS) retryMillis = FIRST_RETRY_MILLIS;
      logger.warn({ lease: name, reason: messageOf(error), retryMillis }, 'Work under a lease was interrupted');
      await delay(retryMillis, signal);
      retryMillis = Math.min(2 * retryMillis, LAST_RETRY_MILLIS);
    }
  }
};

const takeLease = async ({ pool, name, owner, logger }: HoldLeaseOptions): Promise<Lease | undefined> => {
  await installCheckpoint(pool, name, 1);
  return acquireLease(pool, { name, owner, logger });
};

/** @returns true when the work ended because another process has taken the lease */
const workUnder = async (
  { pool, logger, signal }: HoldLeaseOptions,
  lease: Lease,
  work: (signal: AbortSignal, lease: Lease) => Promise<void>,
): Promise<boolean> => {
  const deposed = new AbortController();
  const ended = AbortSignal.any([signal, deposed.signal]);
  await underLease(pool, lease, { logger, lost: () => deposed.abort() }, () => work(ended, lease)).catch(
    (error: unknown) => {
      if (!(error instanceof FencedOutError)) throw error;
      deposed.abort();
    },
  );
  if (deposed.signal.aborted) logger.info({ lease: lease.name }, 'Another process has taken the lease');
  return deposed.signal.aborted;
};
