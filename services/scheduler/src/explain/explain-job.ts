import { HOLDER_SUBJECT, isJobEnd } from '@cyborgbackup/contracts';
import { AppError } from '@cyborgbackup/kernel';
import type { Connection } from '@cyborgbackup/messaging';
import type { Pool } from 'pg';
import { isHandedOut } from '../queue/decide-grants.ts';
import {
  explainEnded,
  explainGranted,
  explainPausing,
  explainReady,
  explainWaiting,
  unblocked,
  type Explanation,
} from './explain-wait.ts';
import {
  readBacklogs,
  readExplainedJob,
  readGrantCounts,
  readHolders,
  readUnmetDependencies,
  type ExplainedJob,
} from './explained-job.ts';

export interface ExplainDeps {
  readonly pool: Pool;
  /** See `GrantLimits`. */
  readonly maxRunning: number;
  /** See `hasExecutors`. */
  hasExecutors(job: string): Promise<boolean | undefined>;
}

const explainReadyJob = async (deps: ExplainDeps, job: ExplainedJob): Promise<Explanation> => {
  const { pool, maxRunning } = deps;
  const [holders, backlogs, counts] = await Promise.all([
    readHolders(pool, job),
    readBacklogs(pool, job),
    readGrantCounts(pool),
  ]);
  const hasExecutors = isHandedOut(counts.handedOut) ? await deps.hasExecutors(job.uuid) : undefined;
  return explainReady({ job, holders, backlogs, obstacles: { ...counts, maxRunning, hasExecutors } });
};

/**
 * Why a job does not run yet, as of the tables now. Any scheduler can say so, not only the leader.
 * @throws AppError `not-found`
 */
export const explainJob = async (deps: ExplainDeps, uuid: string): Promise<Explanation> => {
  const job = await readExplainedJob(deps.pool, uuid);
  if (!job) throw new AppError('not-found', 'There is no such job.');
  if (isJobEnd(job.status)) return explainEnded(job);
  if (job.status === 'running') return unblocked('running', 'An executor is running it.');
  if (job.paused_until !== null) return explainPausing(job);
  if (job.granted) return explainGranted(job, await deps.hasExecutors(uuid));
  const unmet = job.status === 'waiting' ? await readUnmetDependencies(deps.pool, uuid) : [];
  return unmet.length > 0 ? explainWaiting(unmet) : explainReadyJob(deps, job);
};

/** An executor that works on the job answers at once; the others, though they are connected, never do. */
const ANSWER_MILLIS = 150;

/** The NATS server itself answers for a subject without subscribers. */
const hasNoSubscriber = (error: unknown): boolean =>
  error instanceof Error && error.cause instanceof Error && error.cause.name === 'NoResponders';

/** Whether any executor is connected, found out by a question about the job; undefined while NATS is away. */
export const hasExecutors = async (connection: Connection, job: string): Promise<boolean | undefined> => {
  if (!connection.isConnected()) return undefined;
  try {
    await connection.nats.request(HOLDER_SUBJECT, job, { timeout: ANSWER_MILLIS });
    return true;
  } catch (error) {
    if (hasNoSubscriber(error)) return false;
    return connection.isConnected() ? true : undefined;
  }
};
