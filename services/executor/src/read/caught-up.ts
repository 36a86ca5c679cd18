import { AppError } from '@cyborgbackup/kernel';
import { createCheckpointWaiter } from '@cyborgbackup/projections';
import type { ServiceParts } from '@cyborgbackup/service';
import { executorProjection } from './executor-projection.ts';

/** The tables also hold the output of all jobs, so after an outage they may be behind for a while. */
const WAIT_MILLIS = 30_000;
const POLL_MILLIS = 50;

/**
 * Resolves when the executor's tables show what the log holds now.
 * @throws AppError `unavailable` when they do not within half a minute
 */
export const caughtUp = async ({ store, pool }: Pick<ServiceParts, 'store' | 'pool'>): Promise<void> => {
  const waiter = createCheckpointWaiter({ pool, pollMillis: POLL_MILLIS });
  const head = await store.head();
  if (await waiter.waitFor([executorProjection.name], head, { timeoutMillis: WAIT_MILLIS })) return;
  throw new AppError('unavailable', "The executor's tables are behind the event log: see that an executor keeps them.");
};
