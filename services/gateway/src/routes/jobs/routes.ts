import type { GatewayDeps } from '../deps.ts';
import { endpoint, type Endpoint } from '../../http/core/endpoint.ts';
import { answerList, listSchema } from '../../http/lists/list-endpoint.ts';
import { sources } from '../../lists/index.ts';
import { jobActions } from './actions.ts';
import { jobOf } from './find-job.ts';
import { presentJob } from './present.ts';
import type { JobRow } from '../../lists/sources/jobs.ts';
import { jobDetailSchema, jobSchema } from './schema.ts';
import { stdoutRoute } from './stdout.ts';
import { presentJobDetail } from './waiting.ts';

export const jobRoutes = (deps: GatewayDeps): readonly Endpoint[] => [
  endpoint({
    route: 'GET /api/v1/jobs',
    access: 'user',
    summary: 'Retrieve a list of all jobs',
    answers: listSchema(jobSchema),
    list: sources.jobs,
    handle: (request) =>
      answerList<JobRow>(deps.reader, request, {
        list: sources.jobs,
        present: (row) => presentJob(row, deps.clock.now()),
      }),
  }),
  endpoint({
    route: 'GET /api/v1/jobs/:id',
    access: 'user',
    summary: 'Retrieve details of a single job',
    answers: jobDetailSchema,
    handle: async (request) => ({ body: await presentJobDetail(deps, await jobOf(deps, request)) }),
  }),
  ...jobActions(deps),
  stdoutRoute(deps),
];
