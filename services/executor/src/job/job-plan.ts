import { runExtended, runRequested, runStream, type PlannedJob, type RunRequested } from '@cyborgbackup/contracts';
import { AppError } from '@cyborgbackup/kernel';
import type { KeylessDeps } from '@cyborgbackup/service';

/** What one job is about, as it was when its run was requested, or when the job was added to it. */
export interface JobPlan {
  readonly run: RunRequested;
  readonly job: PlannedJob;
}

type LogDeps = Pick<KeylessDeps, 'store' | 'codec'>;

/** A run as far as its stream has been read. It never changes, except that jobs of machines are added to it. */
interface CachedRun {
  readonly request: RunRequested;
  readonly jobs: ReadonlyMap<string, PlannedJob>;
  readonly version: number;
}

/** The run as the log has it now; only what is not cached is read. */
const readRun = async (
  { store, codec }: LogDeps,
  run: string,
  cached: CachedRun | undefined,
): Promise<CachedRun | undefined> => {
  let { request, version } = cached ?? { request: undefined, version: 0 };
  const jobs = new Map(cached?.jobs);
  for await (const recorded of store.readStream(runStream(run), { from: version + 1 })) {
    const { type, data } = await codec.decode(recorded);
    if (type === runRequested.type) request = runRequested.schema.parse(data);
    const planned = type === runExtended.type ? runExtended.schema.parse(data).jobs : (request?.jobs ?? []);
    for (const job of planned) jobs.set(job.uuid, job);
    ({ version } = recorded);
  }
  return request && { request, jobs, version };
};

const planOf = (cached: CachedRun | undefined, run: string, uuid: string): JobPlan => {
  const job = cached?.jobs.get(uuid);
  if (!cached || !job) throw new AppError('not-found', `The job ${uuid} of the run ${run} is not in the log.`);
  return { run: cached.request, job };
};

/** @throws AppError `not-found` when the log has no such run, or the run no such job */
export const loadJobPlan = async (deps: LogDeps, run: string, job: string): Promise<JobPlan> =>
  planOf(await readRun(deps, run, undefined), run, job);

/** Limits of the cache, which keeps the run used last in any case; a run of 10,000 clients has some 30,000 jobs. */
const MAX_RUNS = 100;
const MAX_JOBS = 30_000;

/**
 * As `loadJobPlan`, with a cache of the runs used last: a run is one event, however many clients it has, and reading one of
 * 3,000 clients takes a tenth of a second.
 */
export const createJobPlans = (deps: LogDeps): ((run: string, job: string) => Promise<JobPlan>) => {
  /** In the order of their use. */
  const runs = new Map<string, CachedRun>();

  const remember = (run: string, cached: CachedRun): void => {
    runs.delete(run);
    runs.set(run, cached);
    let total = 0;
    for (const { jobs } of runs.values()) total += jobs.size;
    for (const [oldest, { jobs }] of runs) {
      if (oldest === run || (runs.size <= MAX_RUNS && total <= MAX_JOBS)) return;
      runs.delete(oldest);
      total -= jobs.size;
    }
  };

  return async (run, job) => {
    const earlier = runs.get(run);
    const current = earlier?.jobs.has(job) ? earlier : await readRun(deps, run, earlier);
    if (current) remember(run, current);
    return planOf(current, run, job);
  };
};

const required = <Value>(value: Value | null | undefined, name: string): Value => {
  if (value === null || value === undefined) throw new AppError('internal', `This job was planned without a ${name}.`);
  return value;
};

export const repositoryOf = ({ run }: JobPlan): NonNullable<RunRequested['repository']> =>
  required(run.repository, 'repository');

export const clientOf = ({ job }: JobPlan): NonNullable<PlannedJob['client']> => required(job.client, 'client');

export const policyOf = ({ run }: JobPlan): NonNullable<RunRequested['policy']> => required(run.policy, 'policy');

export const archiveOf = ({ job }: JobPlan): string => required(job.archive_name, 'archive');
