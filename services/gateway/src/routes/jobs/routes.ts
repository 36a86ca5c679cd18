import type { GatewayDeps } from '../deps.ts';
import { endpoint, type Endpoint } from '../../http/core/endpoint.ts';
import { answerList, listSchema } from '../../http/lists/list-endpoint.ts';
import { API_ROOT } from '../../http/core/representation.ts';
import { sources } from '../../lists/index.ts';
import { jobActions } from './actions.ts';
import { jobOf } from './find-job.ts';
import { presentJob } from './present.ts';
import { jobSource, type JobRow } from './query.ts';
import { jobDetailSchema, jobSchema } from './schema.ts';
import { stdoutRoute } from './stdout.ts';
import { presentJobDetail } from './waiting.ts';

const common = { tag: 'jobs', access: 'user', method: 'GET' } as const;

export const jobRoutes = (deps: GatewayDeps): readonly Endpoint[] => [
  endpoint({
    ...common,
    path: `${API_ROOT}/jobs`,
    summary: 'Retrieve a list of all jobs',
    answers: listSchema(jobSchema),
    list: sources.jobs,
    handle: (request) =>
      answerList<JobRow>(deps.reader, request, {
        list: sources.jobs,
        source: jobSource,
        present: (row) => presentJob(row, deps.clock.now()),
      }),
  }),
  endpoint({
    ...common,
    path: `${API_ROOT}/jobs/:id`,
    summary: 'Retrieve details of a single job',
    answers: jobDetailSchema,
    handle: async (request) => ({ body: await presentJobDetail(deps, await jobOf(deps, request)) }),
  }),
  ...jobActions(deps),
  stdoutRoute(deps),
];
