import { schedulerCommands } from '@cyborgbackup/contracts';
import { z } from 'zod';
import type { GatewayDeps } from '../deps.ts';
import { endpoint, type ApiRequest, type Endpoint } from '../../http/core/endpoint.ts';
import { methodNotAllowed } from '../../http/core/http-error.ts';
import { jobOf } from './find-job.ts';
import { isActive } from './present.ts';
import { startedJobSchema } from './schema.ts';
import { startJob } from './start-job.ts';

const WRONG_STATE = methodNotAllowed('POST', ['GET', 'HEAD', 'OPTIONS']);

const cancel = async (deps: GatewayDeps, request: ApiRequest): Promise<void> => {
  const job = await jobOf(deps, request);
  if (!isActive(job)) throw WRONG_STATE;
  const { position } = await deps.call(schedulerCommands.cancel, { job: job.uuid });
  await deps.waitForProjection('scheduler', position);
};

export const jobActions = (deps: GatewayDeps): readonly Endpoint[] => [
  endpoint({
    route: 'GET /api/v1/jobs/:id/start',
    access: 'user',
    summary: 'Tell whether the job can be started',
    answers: z.object({ can_start: z.boolean() }),
    // The scheduler starts every job as soon as it may run.
    handle: async (request) => {
      await jobOf(deps, request);
      return { body: { can_start: false } };
    },
  }),
  endpoint({
    route: 'POST /api/v1/jobs/:id/start',
    access: 'superuser',
    summary: 'Start the job, if it is new; the scheduler does that by itself',
    answers: z.void(),
    success: 202,
    handle: async (request) => {
      await jobOf(deps, request);
      throw WRONG_STATE;
    },
  }),
  endpoint({
    route: 'GET /api/v1/jobs/:id/cancel',
    access: 'user',
    summary: 'Tell whether the job can be canceled',
    answers: z.object({ can_cancel: z.boolean() }),
    handle: async (request) => ({ body: { can_cancel: isActive(await jobOf(deps, request)) } }),
  }),
  endpoint({
    route: 'POST /api/v1/jobs/:id/cancel',
    access: 'superuser',
    summary: 'Cancel the job',
    answers: z.void(),
    success: 202,
    handle: async (request) => {
      await cancel(deps, request);
      return { status: 202, body: undefined };
    },
  }),
  endpoint({
    route: 'GET /api/v1/jobs/:id/relaunch',
    access: 'user',
    summary: 'Tell whether the job can be launched again',
    answers: z.object({ retry_counts: z.union([z.object({}), z.string()]) }),
    handle: async (request) => {
      const isBusy = isActive(await jobOf(deps, request));
      return { body: { retry_counts: isBusy ? 'Relaunch is possible once the job has ended.' : {} } };
    },
  }),
  endpoint({
    route: 'POST /api/v1/jobs/:id/relaunch',
    access: 'superuser',
    summary: 'Launch the job again',
    answers: startedJobSchema,
    success: 201,
    handle: async (request) => {
      const { uuid } = await jobOf(deps, request);
      return startJob(deps, schedulerCommands.relaunch, { job: uuid, run: request.ids.uuid });
    },
  }),
];
