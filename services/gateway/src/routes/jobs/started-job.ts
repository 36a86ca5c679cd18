import type { GatewayDeps } from '../../http/deps.ts';
import type { ApiAnswer } from '../../http/endpoint.ts';
import { urlOf } from '../../http/representation.ts';
import { NOT_YET_VISIBLE } from '../../http/settle.ts';
import { findJob } from './find-job.ts';
import { presentJob } from './present.ts';

/** How long the scheduler may take: each archive of a launch gets its name, and a policy may have 10,000 clients. */
export const STARTING = { deadlineMillis: 30_000 };

/** The answer to whatever made a job: the job itself, with its id once more as `job`. */
export const startedJob = async (
  deps: GatewayDeps,
  { job, position }: { readonly job: number; readonly position: string },
): Promise<ApiAnswer> => {
  const headers = { Location: urlOf('jobs', job) };
  if (!(await deps.settle('scheduler', position))) {
    return { status: 202, body: { job, detail: NOT_YET_VISIBLE, url: urlOf('jobs', job) }, headers };
  }
  return { body: { job, ...presentJob(await findJob(deps, job), deps.clock.now()) }, headers };
};
