import { schedulerCommands, type RpcOutput } from '@cyborgbackup/contracts';
import { messageOf } from '@cyborgbackup/kernel';
import type { GatewayDeps } from '../deps.ts';
import { urlOf } from '../../http/core/representation.ts';
import { presentJob } from './present.ts';
import type { JobRow } from '../../lists/sources/jobs.ts';

/** The wait is short, since the job is answered without an explanation when the scheduler does not answer. */
const DEADLINE_MILLIS = 500;

const NOT_STARTED: ReadonlySet<JobRow['status']> = new Set(['pending', 'waiting']);

type Explanation = RpcOutput<typeof schedulerCommands.explain>;

/** Undefined also when the job has started since it was read from the table. */
const explain = async ({ call, logger }: GatewayDeps, { uuid }: JobRow): Promise<Explanation | undefined> => {
  try {
    const found = await call(schedulerCommands.explain, { job: uuid }, { deadlineMillis: DEADLINE_MILLIS });
    return found.state === 'running' || found.state === 'ended' ? undefined : found;
  } catch (error) {
    logger.debug({ job: uuid, reason: messageOf(error) }, 'the scheduler does not explain why a job waits');
    return undefined;
  }
};

const presentWaiting = (explanation: Explanation | undefined): object | null =>
  explanation
    ? {
        ...explanation,
        blocked_by: explanation.blocked_by.map((job) => ({ ...job, url: urlOf('jobs', job.id) })),
      }
    : null;

/** A job with the answer to "why does it not run yet?". */
export const presentJobDetail = async (deps: GatewayDeps, row: JobRow): Promise<object> => {
  const explanation = NOT_STARTED.has(row.status) ? await explain(deps, row) : undefined;
  const job_explanation = row.job_explanation === '' ? (explanation?.reason ?? '') : row.job_explanation;
  return { ...presentJob({ ...row, job_explanation }, deps.clock.now()), waiting: presentWaiting(explanation) };
};
