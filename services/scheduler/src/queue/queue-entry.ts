import type { JobEnd, PlannedJob, RunFacts } from '@cyborgbackup/contracts';
import { activityOf, kindOf, taskOf } from '../job/run-kind.ts';

/** What the queue has to know of a job. */
export interface QueuedJob {
  readonly uuid: string;
  /** Ascending with the time of planning: the order of the queue. */
  readonly id: number;
  readonly run: string;
  readonly name: string;
  readonly jobType: string;
  /** What it does, where its type does not say it all. */
  readonly task: string | null;
  /** Whose turn it is: the policy's uuid, or the run's where there is no policy. */
  readonly policy: string;
  /** What its run is in the way of; null for nothing. */
  readonly activity: string | null;
  /** Somebody is waiting for it, so it goes before what a schedule started. */
  readonly manual: boolean;
  /** What it must have for itself alone. */
  readonly repository: string | null;
  readonly client: string | null;
  readonly needs: readonly string[];
  /** Of the request that started the run. */
  readonly correlationId: string;
}

/**
 * waiting   for other jobs of its run
 * ready     those have succeeded: waits for its repository, its client, its turn or, where there is a limit, for room
 * granted   has all of these; no executor has started it (or one did, and lost it)
 * running   with an executor
 * ended     and, until its slot is freed, still holds what it was granted
 */
export type Stage = 'waiting' | 'ready' | 'granted' | 'running' | 'ended';

export interface QueueEntry {
  readonly job: QueuedJob;
  stage: Stage;
  /** Needs that have not succeeded yet. */
  readonly unmet: Set<string>;
  /** Jobs of the run that need this one. */
  readonly dependents: QueueEntry[];
  /** Readiness is in the log: from the start for a job without needs. */
  announced: boolean;
  /** Version of its grant; undefined when it holds no slot. */
  grantedAt: number | undefined;
  /** Why its latest attempt was lost; undefined before the first loss. */
  lost: string | undefined;
  /** It found machines that have not got their jobs yet. */
  awaitsExtension: boolean;
  end: JobEnd | undefined;
  /** Why it ended, when it did not succeed. */
  reason: string;
}

export const createEntry = (job: QueuedJob): QueueEntry => ({
  job,
  stage: 'waiting',
  unmet: new Set(job.needs),
  dependents: [],
  announced: job.needs.length === 0,
  grantedAt: undefined,
  lost: undefined,
  awaitsExtension: false,
  end: undefined,
  reason: '',
});

/** A check of a client is about the client alone, all other jobs run borg there: both. */
const resourcesOf = (
  { job_type, client }: Pick<PlannedJob, 'job_type'> & { readonly client: string | null },
  repository: string | null,
): Pick<QueuedJob, 'repository' | 'client'> =>
  job_type === 'check' && client !== null ? { repository: null, client } : { repository, client };

/** The parts of a job that plan and table have in common. */
export interface JobFacts extends Pick<PlannedJob, 'uuid' | 'id' | 'name' | 'job_type'> {
  readonly task: string | null;
  readonly needs: readonly string[];
  readonly run: string;
  readonly policy: string | null;
  readonly repository: string | null;
  readonly client: string | null;
  readonly scheduled: boolean;
  readonly correlationId: string;
}

/** The jobs of one run, all of them. */
export const queuedJobs = (run: readonly JobFacts[]): readonly QueuedJob[] => {
  const [first] = run;
  if (!first) return [];
  const kind = kindOf(first.policy, run);
  const activity = activityOf(kind, first.policy ?? first.repository);
  return run.map((job) => ({
    uuid: job.uuid,
    id: job.id,
    run: job.run,
    name: job.name,
    jobType: job.job_type,
    task: job.task,
    policy: job.policy ?? job.run,
    activity,
    manual: !job.scheduled,
    ...resourcesOf(job, job.repository),
    needs: job.needs,
    correlationId: job.correlationId,
  }));
};

/** Jobs as the log plans them. */
export const plannedFacts = (
  run: RunFacts & { readonly jobs: readonly PlannedJob[] },
  correlationId: string,
): readonly JobFacts[] =>
  run.jobs.map((job) => ({
    uuid: job.uuid,
    id: job.id,
    name: job.name,
    job_type: job.job_type,
    task: taskOf(job),
    needs: job.needs,
    run: run.uuid,
    policy: run.policy?.uuid ?? null,
    repository: run.repository?.uuid ?? null,
    client: job.client?.uuid ?? null,
    scheduled: run.due_at !== null,
    correlationId,
  }));
