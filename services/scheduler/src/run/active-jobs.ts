import type { EventStore } from '@cyborgbackup/event-store';
import { AppError } from '@cyborgbackup/kernel';
import type { CheckpointWaiter } from '@cyborgbackup/projections';
import type { Pool } from 'pg';
import { schedulerProjection } from '../read/scheduler-projection.ts';

export interface ActiveJobsDeps {
  readonly pool: Pool;
  readonly store: EventStore;
  readonly waiter: CheckpointWaiter;
}

/**
 * Whether a job of one of these clients on this repository has not ended, as of everything in the log now.
 * @throws AppError `unavailable` when the tables lag behind the log for too long
 */
export const hasActiveJobs = async (
  { pool, store, waiter }: ActiveJobsDeps,
  repository: string,
  clients: readonly string[],
): Promise<boolean> => {
  if (!(await waiter.waitFor([schedulerProjection.name], await store.head(), { timeoutMillis: 3_000 }))) {
    throw new AppError('unavailable', 'The job list lags behind the event log: try again in a moment.');
  }
  const { rowCount } = await pool.query(
    `select from scheduler.jobs
      where finished is null and repository_uuid = $1 and client_uuid = any($2::uuid[]) limit 1`,
    [repository, clients],
  );
  return rowCount === 1;
};
