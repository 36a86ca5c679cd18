import { AppError } from '@cyborgbackup/kernel';
import type { Pool } from 'pg';
import { isHandedOut } from '../queue/decide-grants.ts';
import {
  explainEnded,
  explainGranted,
  explainReady,
  explainRunning,
  explainWaiting,
  type Explanation,
} from './explain-wait.ts';
import {
  readAskedJob,
  readHolders,
  readLines,
  readSlotCounts,
  readUnmetNeeds,
  stageOf,
  type AskedJob,
} from './wait-facts.ts';

export interface ExplainDeps {
  readonly pool: Pool;
  /** As in `SlotLimits`. */
  readonly maxRunning: number;
  /** Whether any executor is there, asked about a job; undefined when that cannot be known. Takes a moment. */
  hasExecutors(job: string): Promise<boolean | undefined>;
}

const explainLine = async (deps: ExplainDeps, job: AskedJob): Promise<Explanation> => {
  const { pool, maxRunning } = deps;
  const [holders, lines, slots] = await Promise.all([
    readHolders(pool, job),
    readLines(pool, job),
    readSlotCounts(pool),
  ]);
  const hasExecutors = isHandedOut(slots.handedOut) ? await deps.hasExecutors(job.uuid) : undefined;
  return explainReady({ job, holders, lines, limits: { ...slots, maxRunning, hasExecutors } });
};

/**
 * Why a job does not run yet, as of the tables now. Any scheduler can say so, not only the leader.
 * @throws AppError `not-found`
 */
export const explainJob = async (deps: ExplainDeps, uuid: string): Promise<Explanation> => {
  const job = await readAskedJob(deps.pool, uuid);
  if (!job) throw new AppError('not-found', 'There is no such job.');
  const needs = job.status === 'waiting' ? await readUnmetNeeds(deps.pool, uuid) : [];
  switch (stageOf(job, needs)) {
    case 'waiting':
      return explainWaiting(needs);
    case 'ready':
      return explainLine(deps, job);
    case 'granted':
      return explainGranted(job, await deps.hasExecutors(uuid));
    case 'running':
      return explainRunning();
    case 'ended':
      return explainEnded(job);
  }
};
