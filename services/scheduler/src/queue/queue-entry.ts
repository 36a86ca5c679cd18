import type { JobEnd, PlannedJob, RunRequested } from '@cyborgbackup/contracts';

/** What the queue has to know of a job. */
export interface QueuedJob {
  readonly uuid: string;
  /** Ascending with the time of planning: the order of the queue. */
  readonly id: number;
  readonly run: string;
  readonly name: string;
  readonly jobType: string;
  /** Whose turn it is: the policy's uuid, or the run's where there is no policy. */
  readonly policy: string;
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
 * ready     those have succeeded: waits for its repository, its client or, where there is a limit, for room
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
  end: undefined,
  reason: '',
});

/** A preparation is about the client or the repository alone, all other jobs run borg there: both. */
const resourcesOf = (
  { job_type, client }: Pick<PlannedJob, 'job_type'> & { readonly client: string | null },
  repository: string | null,
): Pick<QueuedJob, 'repository' | 'client'> =>
  job_type === 'check' && client !== null ? { repository: null, client } : { repository, client };

/** The parts of a job that plan and table have in common. */
export interface JobFacts extends Pick<PlannedJob, 'uuid' | 'id' | 'name' | 'job_type'> {
  readonly needs: readonly string[];
  readonly run: string;
  readonly policy: string | null;
  readonly repository: string | null;
  readonly client: string | null;
  readonly scheduled: boolean;
  readonly correlationId: string;
}

export const queuedJob = (facts: JobFacts): QueuedJob => ({
  uuid: facts.uuid,
  id: facts.id,
  run: facts.run,
  name: facts.name,
  jobType: facts.job_type,
  policy: facts.policy ?? facts.run,
  manual: !facts.scheduled,
  ...resourcesOf(facts, facts.repository),
  needs: facts.needs,
  correlationId: facts.correlationId,
});

export const queuedJobs = (run: RunRequested, correlationId: string): readonly QueuedJob[] =>
  run.jobs.map(({ uuid, id, name, job_type, needs, client }) =>
    queuedJob({
      uuid,
      id,
      name,
      job_type,
      needs,
      run: run.uuid,
      policy: run.policy?.uuid ?? null,
      repository: run.repository?.uuid ?? null,
      client: client?.uuid ?? null,
      scheduled: run.due_at !== null,
      correlationId,
    }),
  );
