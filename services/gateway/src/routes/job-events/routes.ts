import type { GatewayDeps } from '../deps.ts';
import { endpoint, type ApiAnswer, type ApiRequest, type Endpoint } from '../../http/core/endpoint.ts';
import { answerList, listSchema, type FilteredListOptions } from '../../http/lists/list-endpoint.ts';
import { findRow, idParameter } from '../../http/resource/find-row.ts';
import { sources } from '../../lists/index.ts';
import { jobOf } from '../jobs/find-job.ts';
import { jobEventSchema, presentJobEvent, shortened } from './present.ts';
import type { JobEventRow } from '../../lists/sources/job-events.ts';

const page = (
  deps: GatewayDeps,
  request: ApiRequest,
  options: Pick<FilteredListOptions<JobEventRow>, 'scope' | 'order'> = {},
): Promise<ApiAnswer> => {
  const now = deps.clock.now();
  return answerList<JobEventRow>(deps.reader, request, {
    list: sources.job_events,
    present: (row) => ({ ...presentJobEvent(row, now), stdout: shortened(row.stdout) }),
    ...options,
  });
};

export const jobEventRoutes = (deps: GatewayDeps): readonly Endpoint[] => [
  endpoint({
    route: 'GET /api/v1/job_events',
    access: 'user',
    summary: 'Retrieve a list of the output of all jobs',
    answers: listSchema(jobEventSchema),
    list: sources.job_events,
    handle: (request) => page(deps, request),
  }),
  endpoint({
    route: 'GET /api/v1/jobs/:id/job_events',
    tag: 'job_events',
    access: 'user',
    summary: 'Retrieve the output of one job, line by line',
    answers: listSchema(jobEventSchema),
    list: sources.job_events,
    handle: async (request) => {
      const job = await jobOf(deps, request);
      const answer = await page(deps, request, { scope: { job_uuid: job.uuid }, order: 'counter' });
      return { ...answer, headers: { 'X-UI-Max-Events': '4000' } };
    },
  }),
  endpoint({
    route: 'GET /api/v1/job_events/:id',
    access: 'user',
    summary: 'Retrieve a single line of output',
    answers: jobEventSchema,
    handle: async (request) => {
      const id = idParameter(request, 'JobEvent', Number.MAX_SAFE_INTEGER);
      const row = await findRow<JobEventRow>(deps.reader, sources.job_events, id);
      return { body: presentJobEvent(row, deps.clock.now()) };
    },
  }),
];
