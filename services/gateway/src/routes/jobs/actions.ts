import { schedulerCommands } from '@cyborgbackup/contracts';
import { z } from 'zod';
import type { GatewayDeps } from '../../http/deps.ts';
import { endpoint, type ApiRequest, type Endpoint } from '../../http/endpoint.ts';
import { methodNotAllowed } from '../../http/http-error.ts';
import { API_ROOT } from '../../http/representation.ts';
import { jobOf } from './find-job.ts';
import { isActive } from './present.ts';
import { jobSchema } from './schema.ts';
import { startJob } from './start-job.ts';

const path = (action: string): string => `${API_ROOT}/jobs/:id/${action}`;

const WRONG_STATE = methodNotAllowed('POST', ['GET', 'HEAD', 'OPTIONS']);

const startRoutes = (deps: GatewayDeps): readonly Endpoint[] => [
  endpoint({
    method: 'GET',
    path: path('start'),
    access: 'user',
    tag: 'jobs',
    summary: 'Tell whether the job can be started',
    answers: z.object({ can_start: z.boolean() }),
    // The scheduler starts every job as soon as it may run.
    handle: async (request) => {
      await jobOf(deps, request);
      return { body: { can_start: false } };
    },
  }),
  endpoint({
    method: 'POST',
    path: path('start'),
    access: 'superuser',
    tag: 'jobs',
    summary: 'Start the job, if it is new; the scheduler does that by itself',
    answers: z.void(),
    success: 202,
    handle: async (request) => {
      await jobOf(deps, request);
      throw WRONG_STATE;
    },
  }),
];

const cancel = async (deps: GatewayDeps, request: ApiRequest): Promise<void> => {
  const job = await jobOf(deps, request);
  if (!isActive(job)) throw WRONG_STATE;
  const { position } = await deps.call(schedulerCommands.cancel, { job: job.uuid });
  await deps.settle('scheduler', position);
};

const cancelRoutes = (deps: GatewayDeps): readonly Endpoint[] => [
  endpoint({
    method: 'GET',
    path: path('cancel'),
    access: 'user',
    tag: 'jobs',
    summary: 'Tell whether the job can be canceled',
    answers: z.object({ can_cancel: z.boolean() }),
    handle: async (request) => ({ body: { can_cancel: isActive(await jobOf(deps, request)) } }),
  }),
  endpoint({
    method: 'POST',
    path: path('cancel'),
    access: 'superuser',
    tag: 'jobs',
    summary: 'Cancel the job',
    answers: z.void(),
    success: 202,
    handle: async (request) => {
      await cancel(deps, request);
      return { status: 202, body: undefined };
    },
  }),
];

const relaunchRoutes = (deps: GatewayDeps): readonly Endpoint[] => [
  endpoint({
    method: 'GET',
    path: path('relaunch'),
    access: 'user',
    tag: 'jobs',
    summary: 'Tell whether the job can be launched again',
    answers: z.object({ retry_counts: z.union([z.object({}), z.string()]) }),
    handle: async (request) => {
      const isBusy = isActive(await jobOf(deps, request));
      return { body: { retry_counts: isBusy ? 'Relaunch is possible once the job has ended.' : {} } };
    },
  }),
  endpoint({
    method: 'POST',
    path: path('relaunch'),
    access: 'superuser',
    tag: 'jobs',
    summary: 'Launch the job again',
    answers: z.object({ job: z.int(), ...jobSchema.shape }),
    success: 201,
    handle: async (request) => {
      const job = await jobOf(deps, request);
      const asked = { job: job.uuid, run: request.ids.uuid };
      return startJob(deps, schedulerCommands.relaunch, asked);
    },
  }),
];

export const jobActions = (deps: GatewayDeps): readonly Endpoint[] => [
  ...startRoutes(deps),
  ...cancelRoutes(deps),
  ...relaunchRoutes(deps),
];
