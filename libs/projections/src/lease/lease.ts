import { delay, messageOf, type Logger } from '@cyborgbackup/kernel';
import type { ClientBase, Pool } from 'pg';
import type { Checkpoint } from './checkpoint.ts';

/**
 * One owner at a time. A lease is free (never owned, released, expired) or held until `expires_at` of the database's
 * clock. Who takes it gets a higher fence; a holder renews at a third of the time. What keeps a deposed owner from
 * writing is not the clock but the fence: `advanceCheckpoint` fails for any but the latest.
 */
export interface Lease extends Checkpoint {
  readonly name: string;
  readonly fence: bigint;
}

/** With a renewal every 2 s and a look at the lease every second, a dead owner is replaced in at most 7 s. */
export const LEASE_MILLIS = 6_000;

/**
 * Undefined while another owner holds it, or when there is no such checkpoint.
 * @param request.owner unique among all processes that run now
 * @param request.force takes it from a living owner, which will notice at its next write
 */
export const acquireLease = async (
  pool: Pool,
  { name, owner, force = false }: { readonly name: string; readonly owner: string; readonly force?: boolean },
): Promise<Lease | undefined> => {
  const { rows } = await pool.query<Readonly<Record<'fence' | 'position', string>> & { readonly version: number }>(
    `UPDATE projections.checkpoints
        SET owner = $2, fence = fence + 1, expires_at = clock_timestamp() + $3 * interval '1 millisecond'
      WHERE name = $1 AND (owner IS NULL OR owner = $2 OR expires_at < clock_timestamp() OR $4)
      RETURNING fence::text, version, position::text`,
    [name, owner, LEASE_MILLIS, force],
  );
  const [row] = rows;
  return row && { name, fence: BigInt(row.fence), version: row.version, position: BigInt(row.position) };
};

const renewLease = async (pool: Pool, { name, fence }: Lease): Promise<boolean> => {
  const { rowCount } = await pool.query(
    `UPDATE projections.checkpoints SET expires_at = clock_timestamp() + $3 * interval '1 millisecond'
      WHERE name = $1 AND fence = $2`,
    [name, fence, LEASE_MILLIS],
  );
  return rowCount === 1;
};

/** Lets the next owner take over at once. Without effect when the lease is lost already; what cannot be released expires. */
export const releaseLease = async (pool: Pool, { name, fence }: Lease, logger: Logger): Promise<void> => {
  const text = 'UPDATE projections.checkpoints SET owner = NULL, expires_at = NULL WHERE name = $1 AND fence = $2';
  await pool.query(text, [name, fence]).catch((error: unknown) => {
    logger.warn({ lease: name, reason: messageOf(error) }, 'The lease was not given back; it will expire');
  });
};

/** Does some work under a lease that is renewed meanwhile, and released at the end whatever happens. */
export const underLease = async <T>(
  pool: Pool,
  lease: Lease,
  keeping: LeaseKeeping,
  work: () => Promise<T>,
): Promise<T> => {
  const kept = keepLease(pool, lease, keeping);
  try {
    return await work();
  } finally {
    await kept[Symbol.asyncDispose]();
    await releaseLease(pool, lease, keeping.logger);
  }
};

/**
 * Lets the next owners start at once instead of waiting for the leases of a process that was killed to expire. Only for
 * a caller that knows that no other process uses this database, as the one that has just started an embedded server does.
 */
export const freeLeases = async (admin: ClientBase): Promise<void> => {
  await admin.query(
    'UPDATE projections.checkpoints SET owner = NULL, expires_at = NULL, fence = fence + 1 WHERE owner IS NOT NULL',
  );
};

interface LeaseKeeping {
  readonly logger: Logger;
  /** Called once if the lease turns out to be another owner's. Not needed where every write is fenced. */
  readonly lost?: () => void;
}

/** Renews a lease until disposed of. */
export const keepLease = (pool: Pool, lease: Lease, { logger, lost }: LeaseKeeping): AsyncDisposable => {
  const stop = new AbortController();
  const keep = async (): Promise<void> => {
    for (;;) {
      await delay(LEASE_MILLIS / 3, stop.signal);
      if (stop.signal.aborted) return;
      try {
        if (!(await renewLease(pool, lease))) return lost?.();
      } catch (error) {
        // the fence protects the tables in any case; the writer meets the same outage by itself
        logger.warn(
          { projection: lease.name, reason: messageOf(error) },
          'The lease of a projection could not be renewed',
        );
      }
    }
  };
  const kept = keep();
  return {
    [Symbol.asyncDispose]: () => {
      stop.abort();
      return kept;
    },
  };
};
