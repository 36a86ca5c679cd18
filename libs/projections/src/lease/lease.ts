import { delay, messageOf, type Logger } from '@cyborgbackup/kernel';
import { readSql } from '@cyborgbackup/database';
import type { ClientBase, Pool } from 'pg';
import type { Checkpoint } from './checkpoint.ts';

/**
 * One owner at a time. A lease is free (never owned, released, expired) or held until `expires_at` of the database's
 * clock. Who takes it gets a higher fence; a holder renews at a third of the time. What keeps a deposed owner from
 * writing is not the clock but the fence: `advanceCheckpoint` fails for any but the latest.
 *
 * A lease that ends later than any that is taken now was taken before that clock was set back. It is void: its owner may
 * have died, and would otherwise keep it for as long as the clock went back. An owner that lives has renewed it long before.
 */
export interface Lease extends Checkpoint {
  readonly name: string;
  readonly fence: bigint;
}

/** With a renewal every 2 s and a look at the lease every second, a dead owner is replaced in at most 7 s. */
export const LEASE_MILLIS = 6_000;

const ACQUIRE = readSql(new URL('./acquire-lease.sql', import.meta.url));

interface LeaseRequest {
  readonly name: string;
  /** Unique among all processes that run now. */
  readonly owner: string;
  readonly logger: Logger;
  /** Takes it from a living owner, which will notice at its next write. */
  readonly force?: boolean;
}

interface TakenRow extends Pick<Checkpoint, 'version' | 'hash'> {
  readonly fence: string;
  readonly position: string;
  readonly former_owner: string | null;
  readonly was_void: boolean | null;
}

/** Undefined while another owner holds it, or when there is no such checkpoint. */
export const acquireLease = async (
  pool: Pool,
  { name, owner, logger, force = false }: LeaseRequest,
): Promise<Lease | undefined> => {
  const { rows } = await pool.query<TakenRow>(ACQUIRE, [name, owner, LEASE_MILLIS, force]);
  const [row] = rows;
  if (!row) return undefined;
  const { fence, version, position, hash, former_owner: former } = row;
  if (row.was_void === true && former !== owner && !force) {
    logger.warn(
      { lease: name, former },
      'A lease reached further into the future than leases last, and was taken over: the clock of PostgreSQL was set back',
    );
  }
  return { name, fence: BigInt(fence), version, position: BigInt(position), hash };
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
