import { AppError } from '@cyborgbackup/kernel';
import type { Pool } from 'pg';
import { loadSnapshot } from './leader/snapshot.ts';
import { explainWait, type Explanation } from './queue/explain-wait.ts';

/**
 * Why a job does not run yet, as of the tables now. Any scheduler can say so, not only the leader.
 * @throws AppError `not-found`
 */
export const explainJob = async (pool: Pool, job: string, maxRunning: number): Promise<Explanation> => {
  const { rowCount } = await pool.query('select from scheduler.jobs where uuid = $1', [job]);
  if (rowCount !== 1) throw new AppError('not-found', 'There is no such job.');
  const { queue } = await loadSnapshot(pool);
  return explainWait(queue, job, { maxRunning });
};
