import { AppError } from '@cyborgbackup/kernel';
import type { Connection } from '@cyborgbackup/messaging';
import type { Pool } from 'pg';
import { hasExecutors } from './has-executors.ts';
import { loadQueue } from './leader/snapshot.ts';
import { isHandedOut } from './queue/decide-slots.ts';
import { explainWait, type Explanation } from './queue/explain-wait.ts';
import type { Queue } from './queue/queue.ts';

export interface ExplainDeps {
  readonly pool: Pool;
  readonly connection: Connection;
  /** As in `SlotLimits`. */
  readonly maxRunning: number;
}

/** Whether it matters if an executor is there, which takes a moment to find out. */
const isUpToExecutors = (queue: Queue, job: string): boolean => {
  const stage = queue.entries.get(job)?.stage;
  return stage === 'granted' || (stage === 'ready' && isHandedOut(queue));
};

/**
 * Why a job does not run yet, as of the tables now. Any scheduler can say so, not only the leader.
 * @throws AppError `not-found`
 */
export const explainJob = async ({ pool, connection, maxRunning }: ExplainDeps, job: string): Promise<Explanation> => {
  const { rowCount } = await pool.query('select from scheduler.jobs where uuid = $1', [job]);
  if (rowCount !== 1) throw new AppError('not-found', 'There is no such job.');
  const queue = await loadQueue(pool);
  const executors = isUpToExecutors(queue, job) ? await hasExecutors(connection, job) : undefined;
  return explainWait(queue, job, { maxRunning, hasExecutors: executors });
};
