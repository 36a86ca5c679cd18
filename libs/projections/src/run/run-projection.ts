import { delay, untilOneEnds } from '@cyborgbackup/kernel';
import { notifyCheckpoint } from '../lease/checkpoint.ts';
import { ensureProjection } from '../schema/ensure-projection.ts';
import { holdLease } from '../lease/hold-lease.ts';
import { acquireLease, type Lease } from '../lease/lease.ts';
import { createPageWriter } from './page-writer.ts';
import { PoisonEventError } from '../fold/poison-event.ts';
import { eventTypesOf, type ProjectionOptions } from '../define/projection.ts';
import { faultOf, rebuildOutdated } from '../rebuild/rebuild-projection.ts';
import { lacksColumns, missingColumns } from '../schema/missing-columns.ts';
import { openSession } from '../schema/session.ts';

export interface RunProjectionOptions extends ProjectionOptions {
  /** Called with the position on becoming the owner, and after each commit. Must not throw. */
  readonly onCheckpoint?: (position: bigint) => void;
}

const REBUILD_RETRY_MILLIS = 60_000;
const PAGE_SIZE = 1_000;
const WATCH_TABLES_MILLIS = 10_000;

/**
 * Keeps a projection's tables up to date until the signal aborts. Any number of runners may be started for the same
 * projection; one of them works. Each goes through these states (see `holdLease` for how it moves between them):
 *
 * - waiting: another one holds the lease.
 * - rebuilding: the tables are of an older version than this code, lack a column, or hold events that the log has lost. They
 *   are built anew beside the old ones, which are still read (and still updated, if an older program runs). An event that stops it is an alarm; it is tried again after
 *   a minute. A runner older than the tables waits, and rebuilds them only when the lease is free: that is a release rolled
 *   back, not one being rolled out.
 * - following: it has the lease, and writes the log's pages as they come.
 *
 * Following ends with the signal (the lease is given back), with the loss of the lease (back to waiting), or with an
 * error of the database or the event store, or a table that is gone (tried again from the checkpoint).
 */
export const runProjection = (options: RunProjectionOptions): Promise<void> => {
  const { pool, projection, owner, logger, signal } = options;
  return holdLease(
    { pool, name: projection.name, owner, logger, signal, acquire: () => becomeOwner(options) },
    (ended, lease) => follow(options, lease, ended),
  );
};

const becomeOwner = async (options: RunProjectionOptions): Promise<Lease | undefined> => {
  const { pool, projection, owner, logger, signal } = options;
  const stored = await ensureProjection(pool, projection);
  try {
    if (stored.version < projection.version) return await rebuildOutdated(options);
    const lease = await acquireLease(pool, { name: projection.name, owner, logger });
    if (!lease) return undefined;
    if (lease.version !== projection.version) return await rebuildOutdated(options);
    const fault = await faultOf(options, lease);
    if (fault === undefined) return lease;
    logger.error(
      { projection: projection.name, reason: fault },
      'The tables of a projection are not right: rebuilding',
    );
    return await rebuildOutdated(options);
  } catch (error) {
    if (!(error instanceof PoisonEventError)) throw error;
    logger.error(
      { projection: projection.name, reason: error.message },
      'The projection cannot be rebuilt because of an event: install a release that can read it',
    );
    await delay(REBUILD_RETRY_MILLIS, signal);
    return undefined;
  }
};

const follow = async (options: RunProjectionOptions, lease: Lease, ended: AbortSignal): Promise<void> => {
  const { pool, store, projection, logger, onCheckpoint } = options;
  const { name } = projection;
  const notify = (position: bigint): void => {
    notifyCheckpoint(name, position);
    onCheckpoint?.(position);
  };
  logger.info({ projection: name, position: lease.position.toString() }, 'Keeping the projection');
  await using session = await openSession(pool);
  notify(lease.position); // a rebuild may have come further than callers were told
  const writePage = createPageWriter(options, session, lease);
  const types = [...eventTypesOf(projection)];
  const writePages = async (signal: AbortSignal): Promise<void> => {
    for await (const page of store.subscribe({ after: lease.position, signal, pageSize: PAGE_SIZE, types })) {
      await writePage(page);
      notify(page.position);
      if (signal.aborted) break;
    }
  };
  await untilOneEnds(ended, (stopped) => [writePages(stopped), watchTables(options, stopped)]);
};

/** @throws when a table is gone: without events for it nobody would notice but its readers */
const watchTables = async ({ pool, projection }: RunProjectionOptions, signal: AbortSignal): Promise<void> => {
  while (!signal.aborted) {
    await delay(WATCH_TABLES_MILLIS, signal);
    const missing = signal.aborted ? [] : await missingColumns(pool, projection.name, projection.models);
    if (missing.length > 0) throw new Error(lacksColumns(missing));
  }
};
