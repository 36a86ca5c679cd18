import { runExtended, runRequested, runStream, type PlannedJob, type RunRequested } from '@cyborgbackup/contracts';
import { AppError, type DomainEvent } from '@cyborgbackup/kernel';
import type { ServiceParts } from '@cyborgbackup/service';

/** What one job is about, as it was when its run was requested, or when the job was added to it. */
export interface JobPlan {
  readonly run: RunRequested;
  readonly job: PlannedJob;
}

const plannedJobs = ({ type, data }: DomainEvent): readonly PlannedJob[] => {
  if (type === runRequested.type) return runRequested.schema.parse(data).jobs;
  return type === runExtended.type ? runExtended.schema.parse(data).jobs : [];
};

/** @throws AppError `not-found` when the log has no such run, or the run no such job */
export const loadJobPlan = async (
  { store, codec }: Pick<ServiceParts, 'store' | 'codec'>,
  run: string,
  job: string,
): Promise<JobPlan> => {
  let request: RunRequested | undefined;
  for await (const recorded of store.readStream(runStream(run))) {
    const event = await codec.decode(recorded);
    if (event.type === runRequested.type) request = runRequested.schema.parse(event.data);
    const planned = plannedJobs(event).find(({ uuid }) => uuid === job);
    if (planned && request) return { run: request, job: planned };
  }
  throw new AppError('not-found', `The job ${job} of the run ${run} is not in the log.`);
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
