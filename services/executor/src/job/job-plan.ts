import { runExtended, runRequested, runStream, type PlannedJob, type RunRequested } from '@cyborgbackup/contracts';
import { AppError } from '@cyborgbackup/kernel';
import type { ServiceParts } from '@cyborgbackup/service';

/** What one job is about, as it was when its run was requested, or when the job was added to it. */
export interface JobPlan {
  readonly run: RunRequested;
  readonly job: PlannedJob;
}

type LogDeps = Pick<ServiceParts, 'store' | 'codec'>;

/** A run as far as its stream has been read. It never changes, but for jobs of machines that come to it. */
interface KnownRun {
  readonly request: RunRequested;
  readonly jobs: ReadonlyMap<string, PlannedJob>;
  readonly version: number;
}

/** What the log has of the run now, the part that is known already not read again. */
const readRun = async (
  { store, codec }: LogDeps,
  run: string,
  known: KnownRun | undefined,
): Promise<KnownRun | undefined> => {
  let { request, version } = known ?? { request: undefined, version: 0 };
  const jobs = new Map(known?.jobs);
  for await (const recorded of store.readStream(runStream(run), { from: version + 1 })) {
    const { type, data } = await codec.decode(recorded);
    if (type === runRequested.type) request = runRequested.schema.parse(data);
    const planned = type === runExtended.type ? runExtended.schema.parse(data).jobs : (request?.jobs ?? []);
    for (const job of planned) jobs.set(job.uuid, job);
    ({ version } = recorded);
  }
  return request && { request, jobs, version };
};

const planOf = (known: KnownRun | undefined, run: string, uuid: string): JobPlan => {
  const job = known?.jobs.get(uuid);
  if (!known || !job) throw new AppError('not-found', `The job ${uuid} of the run ${run} is not in the log.`);
  return { run: known.request, job };
};

/** @throws AppError `not-found` when the log has no such run, or the run no such job */
export const loadJobPlan = async (deps: LogDeps, run: string, job: string): Promise<JobPlan> =>
  planOf(await readRun(deps, run, undefined), run, job);

/** What is remembered at once, beside the run used last; one of 10,000 clients has some 30,000 jobs. */
const MAX_RUNS = 100;
const MAX_JOBS = 30_000;

/**
 * As `loadJobPlan`, for whoever needs one job of a run after the other: a run is one event, however many clients it has, and
 * reading one of 3,000 takes a tenth of a second. Those used last are remembered.
 */
export const createJobPlans = (deps: LogDeps): ((run: string, job: string) => Promise<JobPlan>) => {
  /** In the order of their use. */
  const runs = new Map<string, KnownRun>();

  const remember = (run: string, known: KnownRun): void => {
    runs.delete(run);
    runs.set(run, known);
    let jobs = 0;
    for (const { jobs: more } of runs.values()) jobs += more.size;
    for (const [oldest, { jobs: fewer }] of runs) {
      if (oldest === run || (runs.size <= MAX_RUNS && jobs <= MAX_JOBS)) return;
      runs.delete(oldest);
      jobs -= fewer.size;
    }
  };

  return async (run, job) => {
    const earlier = runs.get(run);
    const known = earlier?.jobs.has(job) ? earlier : await readRun(deps, run, earlier);
    if (known) remember(run, known);
    return planOf(known, run, job);
  };
};

type Repository = NonNullable<RunRequested['repository']>;
type Client = NonNullable<PlannedJob['client']>;
type Policy = NonNullable<RunRequested['policy']>;

const missing = (what: string): AppError => new AppError('internal', `This job was planned without a ${what}.`);

export const repositoryOf = ({ run }: JobPlan): Repository => {
  if (!run.repository) throw missing('repository');
  return run.repository;
};

export const clientOf = ({ job }: JobPlan): Client => {
  if (!job.client) throw missing('client');
  return job.client;
};

export const policyOf = ({ run }: JobPlan): Policy => {
  if (!run.policy) throw missing('policy');
  return run.policy;
};

export const archiveOf = ({ job }: JobPlan): string => {
  if (job.archive_name === null) throw missing('archive');
  return job.archive_name;
};
