import { WAIT_MILLIS } from '@cyborgbackup/projections';
import type { EndedDependency } from '../queue/queue-entry.ts';
import { schedulerProjection } from '../tables/scheduler-projection.ts';
import type { LeaderDeps } from './leader.ts';

/**
 * How jobs ended of which the log has the end.
 * @throws AppError `unavailable` when the tables lag behind the log for too long
 */
export const readEndedJobs = async (
  { pool, waiter }: Pick<LeaderDeps, 'pool' | 'waiter'>,
  uuids: readonly string[],
): Promise<readonly EndedDependency[]> => {
  await waiter.waitForProjections([schedulerProjection.name], 'head', WAIT_MILLIS.job);
  const { rows } = await pool.query<EndedDependency>(
    `select uuid, name, job_type, status as "end", job_explanation as reason
       from scheduler.jobs where uuid = any($1::uuid[]) and finished is not null`,
    [uuids],
  );
  return rows;
};
