import { delay, messageOf } from '@cyborgbackup/kernel';
import { announceCheckpoint } from './checkpoint-news.ts';
import { FencedOutError } from './checkpoint.ts';
import { ensureProjection } from './ensure-projection.ts';
import { acquireLease, keepLease, releaseLease, type Lease } from './lease.ts';
import { createPageWriter } from './page-writer.ts';
import { PoisonEventError } from './poison-event.ts';
import { eventTypesOf } from './projection.ts';
import type { ProjectionOptions } from './projection-options.ts';
import { rebuildOutdated } from './rebuild-projection.ts';
import { openSession } from './session.ts';

export interface RunProjectionOptions extends ProjectionOptions {
  /** Called with the position on becoming the owner, and after each commit. Must not throw. */
  readonly onCheckpoint?: (position: bigint) => void;
}

/** How often a runner that is not the owner looks whether it can be. */
const LEASE_POLL_MILLIS = 1_000;

const FIRST_RETRY_MILLIS = 100;
const LAST_RETRY_MILLIS = 5_000;
const REBUILD_RETRY_MILLIS = 60_000;
const PAGE_SIZE = 1_000;

const INTERRUPTED = 'The projection was interrupted and will go on from its checkpoint';
const REBUILD_STOPPED = 'The projection cannot be rebuilt because of an event: install a release that can read it';

/**
 * Keeps a projection's tables up to date until the signal aborts. Any number of runners may be started for the same
 * projection; one of them works. Each goes through these states:
 *
 * - waiting: somebody else holds the lease. It is looked at every second, and taken when free.
 * - rebuilding: the tables are of an older version than this code. They are built anew beside the old ones, which are
 *   still read (and still updated, if an older program runs). An event that stops it is an alarm; it is tried again after
 *   a minute. A runner older than the tables waits, and rebuilds them
 *   only when nobody holds the lease: that is a release rolled back, not one being rolled out.
 * - following: it has the lease, and writes the log's pages as they come.
 *
 * Following ends with the signal (the lease is given back), with the loss of the lease (back to waiting), or with an
 * error of the database or the event store (tried again from the checkpoint, after 0.1 s at first and 5 s at most).
 */
export const runProjection = async (options: RunProjectionOptions): Promise<void> => {
  const { logger, projection, signal } = options;
  let retryMillis = FIRST_RETRY_MILLIS;
  const progress = (): void => {
    retryMillis = FIRST_RETRY_MILLIS;
  };
  while (!signal.aborted) {
    try {
      const lease = await becomeOwner(options);
      if (lease) await follow(options, lease, progress);
      else await delay(LEASE_POLL_MILLIS, signal);
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof FencedOutError) {
        logger.info({ projection: projection.name }, 'Another process keeps the projection now');
      } else if (error instanceof PoisonEventError) {
        logger.error({ projection: projection.name, reason: error.message }, REBUILD_STOPPED);
        await delay(REBUILD_RETRY_MILLIS, signal);
      } else {
        logger.warn({ projection: projection.name, reason: messageOf(error), retryMillis }, INTERRUPTED);
        await delay(retryMillis, signal);
        retryMillis = Math.min(2 * retryMillis, LAST_RETRY_MILLIS);
      }
    }
  }
};

const becomeOwner = async (options: RunProjectionOptions): Promise<Lease | undefined> => {
  const { pool, projection, owner } = options;
  const stored = await ensureProjection(pool, projection);
  if (stored.version < projection.version) return rebuildOutdated(options);
  const lease = await acquireLease(pool, { name: projection.name, owner });
  return lease && lease.version !== projection.version ? rebuildOutdated(options) : lease;
};

const follow = async (options: RunProjectionOptions, lease: Lease, progress: () => void): Promise<void> => {
  const { pool, store, codec, projection, logger, signal, onCheckpoint } = options;
  const { name } = projection;
  const tell = (position: bigint): void => {
    announceCheckpoint(name, position);
    onCheckpoint?.(position);
  };
  const deposed = new AbortController();
  const ended = AbortSignal.any([signal, deposed.signal]);
  logger.info({ projection: name, position: lease.position.toString() }, 'Keeping the projection');
  await using _lease = heldLease(options, lease, () => deposed.abort());
  await using session = await openSession(pool);
  tell(lease.position); // a rebuild may have come further than anybody was told
  const writer = createPageWriter({ session, projection, codec, lease, logger });
  const pageSize = PAGE_SIZE;
  const types = [...eventTypesOf(projection)];
  for await (const page of store.subscribe({ after: lease.position, signal: ended, pageSize, types })) {
    await writer.write(page);
    progress();
    tell(page.position);
    if (ended.aborted) break;
  }
  if (deposed.signal.aborted) throw new FencedOutError(name);
};

/** Renews the lease until disposed of, then gives it back, so that the next owner need not wait for it to expire. */
const heldLease = ({ pool, logger }: RunProjectionOptions, lease: Lease, lost: () => void): AsyncDisposable => {
  const kept = keepLease(pool, lease, { logger, lost });
  return {
    [Symbol.asyncDispose]: async () => {
      await kept[Symbol.asyncDispose]();
      await releaseLease(pool, lease).catch((error: unknown) => {
        logger.warn(
          { projection: lease.name, reason: messageOf(error) },
          'The lease was not given back; it will expire',
        );
      });
    },
  };
};
