import { WAIT_MILLIS } from '@cyborgbackup/projections';
import { schedulerProjection } from '../tables/scheduler-projection.ts';
import type { RunDeps } from './run-deps.ts';

type ActiveJobsDeps = Pick<RunDeps, 'pool' | 'waiter'>;

/** Whether a query finds anything, as of everything in the log now. */
const finds = async ({ pool, waiter }: ActiveJobsDeps, sql: string, values: readonly unknown[]): Promise<boolean> => {
  await waiter.waitForProjections([schedulerProjection.name], 'head', WAIT_MILLIS.launch);
  const { rowCount } = await pool.query(`${sql} limit 1`, [...values]);
  return rowCount === 1;
};

/**
 * Whether a job of one of these clients on this repository has not ended, or its machines have no jobs yet.
 * @throws AppError `unavailable` when the tables lag behind the log for too long
 */
export const hasActiveJobs = (deps: ActiveJobsDeps, repository: string, clients: readonly string[]): Promise<boolean> =>
  finds(
    deps,
    `select from scheduler.jobs
      where finished is null and repository_uuid = $1 and client_uuid = any($2::uuid[])
     union all
     select from scheduler.pending_extensions
      where repository = $1 and client = any($2::uuid[])`,
    [repository, clients],
  );

/**
 * Whether a check of the repository, of either sort, has not ended.
 * @throws AppError `unavailable` when the tables lag behind the log for too long
 */
export const hasActiveCheck = (deps: ActiveJobsDeps, repository: string): Promise<boolean> =>
  finds(
    deps,
    `select from scheduler.jobs
      where finished is null and repository_uuid = $1 and client_uuid is null
        and (job_type = 'integrity' or task = 'archives')`,
    [repository],
  );
