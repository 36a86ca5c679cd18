import { schedulerCommands, type RpcOutput } from '@cyborgbackup/contracts';
import { messageOf } from '@cyborgbackup/kernel';
import type { GatewayDeps } from '../deps.ts';
import { endpoint, type Endpoint } from '../../http/core/endpoint.ts';
import { urlOf } from '../../http/core/representation.ts';
import { answerList, listSchema } from '../../http/lists/list-endpoint.ts';
import { sources } from '../../lists/index.ts';
import { jobActions } from './actions.ts';
import { jobOf } from './find-job.ts';
import { presentJob } from './present.ts';
import type { JobRow } from '../../lists/sources/jobs.ts';
import { jobDetailSchema, jobSchema } from './schema.ts';
import { stdoutRoute } from './stdout.ts';

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
const presentJobDetail = async (deps: GatewayDeps, row: JobRow): Promise<object> => {
  const explanation = NOT_STARTED.has(row.status) ? await explain(deps, row) : undefined;
  const job_explanation = row.job_explanation === '' ? (explanation?.reason ?? '') : row.job_explanation;
  return { ...presentJob({ ...row, job_explanation }, deps.clock.now()), waiting: presentWaiting(explanation) };
};

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
