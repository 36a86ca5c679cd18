import { WAIT_MILLIS, type ProjectionWaiter } from '@cyborgbackup/projections';
import type { Pool } from 'pg';
import { schedulerProjection } from '../tables/scheduler-projection.ts';

export interface ActiveJobsDeps {
  readonly pool: Pool;
  readonly waiter: ProjectionWaiter;
}

/** @throws AppError `unavailable` when the tables lag behind for too long */
const catchUp = ({ waiter }: ActiveJobsDeps): Promise<void> =>
  waiter.waitForProjections([schedulerProjection.name], 'head', WAIT_MILLIS.launch);

/**
 * Whether a job of one of these clients on this repository has not ended, or its machines have no jobs yet, as of
 * everything in the log now.
 * @throws AppError `unavailable` when the tables lag behind the log for too long
 */
export const hasActiveJobs = async (
  deps: ActiveJobsDeps,
  repository: string,
  clients: readonly string[],
): Promise<boolean> => {
  await catchUp(deps);
  const { rowCount } = await deps.pool.query(
    `select from scheduler.jobs
      where finished is null and repository_uuid = $1 and client_uuid = any($2::uuid[])
     union all
     select from scheduler.pending_extensions
      where repository = $1 and client = any($2::uuid[])
      limit 1`,
    [repository, clients],
  );
  return rowCount === 1;
};

/**
 * Whether a check of the repository, of either sort, has not ended, as of everything in the log now.
 * @throws AppError `unavailable` when the tables lag behind the log for too long
 */
export const hasActiveCheck = async (deps: ActiveJobsDeps, repository: string): Promise<boolean> => {
  await catchUp(deps);
  const { rowCount } = await deps.pool.query(
    `select from scheduler.jobs
      where finished is null and repository_uuid = $1 and client_uuid is null
        and (job_type = 'integrity' or task = 'archives')
      limit 1`,
    [repository],
  );
  return rowCount === 1;
};
