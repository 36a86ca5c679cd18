import type { Rpc } from '@cyborgbackup/contracts';
import type { z } from 'zod';
import type { GatewayDeps } from '../deps.ts';
import type { ApiAnswer } from '../../http/core/endpoint.ts';
import { urlOf } from '../../http/core/representation.ts';
import { NOT_YET_VISIBLE } from '../../backend/calls.ts';
import { findJob } from './find-job.ts';
import { presentJob } from './present.ts';

/** A launch may take long: each of its archives gets a name, and a policy may have 10,000 clients. */
const STARTING = { deadlineMillis: 30_000 };

type StartedJob = z.ZodType<{ readonly job: number; readonly position: string }>;

/**
 * Lets the scheduler create a job, and answers with it as `startedJobSchema` has it.
 * @param status of the answer, when the read model shows the job in time
 */
export const startJob = async <Input extends z.ZodType>(
  deps: GatewayDeps,
  rpc: Rpc<Input, StartedJob>,
  input: z.input<Input>,
  status = 201,
): Promise<ApiAnswer> => {
  const { job, position } = await deps.call(rpc, input, STARTING);
  const headers = { Location: urlOf('jobs', job) };
  if (!(await deps.waitForProjection('scheduler', position))) {
    return { status: 202, body: { job, detail: NOT_YET_VISIBLE, url: urlOf('jobs', job) }, headers };
  }
  return { status, body: { job, ...presentJob(await findJob(deps, job), deps.clock.now()) }, headers };
};
