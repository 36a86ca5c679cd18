import type { JobEnd, PlannedJob, RunFacts } from '@cyborgbackup/contracts';
import { activityOf, kindOf, taskOf } from '../job/run-kind.ts';

/** A job as both the log and the table describe it. */
export interface JobRecord extends Pick<PlannedJob, 'uuid' | 'id' | 'name'> {
  readonly job_type: string;
  /** See `taskOf`. */
  readonly task: string | null;
  readonly run: string;
  readonly policy: string | null;
  readonly repository: string | null;
  readonly client: string | null;
  readonly needs: readonly string[];
  readonly launch_type: string;
  readonly scheduled: boolean;
  /** Of the request that started the run. */
  readonly correlationId: string;
}

/**
 * What the queue has to know of a job. Ids ascend with the time of planning. Its repository and its client are held exclusively
 * while it is granted.
 */
export interface QueuedJob extends Omit<JobRecord, 'policy' | 'scheduled' | 'launch_type'> {
  /** Whose fair share it uses: the policy's uuid, or the run's where there is no policy. */
  readonly policy: string;
  /** See `activityOf`. */
  readonly activity: string | null;
  /** Launched by a user, not by a schedule. */
  readonly manual: boolean;
  /** A preparation that nobody asked for: it is there for the jobs that need it. */
  readonly isForOthers: boolean;
}

/**
 * waiting   its dependencies have not succeeded yet
 * ready     waits for its repository, its client, its policy's share or, where there is a limit, for other jobs to end
 * granted   holds its repository and its client; no executor has started it, or one has handed it over
 * running   an executor runs it
 * pausing   its attempt was lost, and the next one is due later; it has given its grant up, and is ready again then
 * ended     and holds nothing
 */
export type Stage = 'waiting' | 'ready' | 'granted' | 'running' | 'pausing' | 'ended';

export interface QueueEntry {
  readonly job: QueuedJob;
  stage: Stage;
  /** Dependencies that have not succeeded yet. */
  readonly unmet: Set<string>;
  /** Jobs that depend on this one, of other runs too if it is a preparation. */
  readonly dependents: QueueEntry[];
  /** How many of these have not ended; of those, how many a user launched. */
  openDependents: number;
  openManualDependents: number;
  /** The log says that it is ready, or granted; for a job without dependencies the plan says that it is ready. */
  readyRecorded: boolean;
  /** Version of its grant in the queue's stream; undefined when it holds none. */
  grantedAt: number | undefined;
  /** Until when it pauses; undefined when it does not. Milliseconds since the epoch. */
  pausedUntil: number | undefined;
  /** It found machines, and the run has not been extended by their jobs yet. */
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
  openDependents: 0,
  openManualDependents: 0,
  readyRecorded: job.needs.length === 0,
  grantedAt: undefined,
  pausedUntil: undefined,
  awaitsExtension: false,
  end: undefined,
  reason: '',
});

/** What a dependency that has ended says to the jobs that need it. */
export interface EndedDependency extends Pick<JobRecord, 'uuid' | 'name' | 'job_type'> {
  readonly end: JobEnd;
  readonly reason: string;
}

/** @param run all jobs of one run */
export const queuedJobs = (run: readonly JobRecord[]): readonly QueuedJob[] => {
  const [first] = run;
  if (!first) return [];
  const activity = activityOf(kindOf(first.policy, run), first.policy ?? first.repository);
  return run.map(({ policy, scheduled, launch_type, ...job }) => ({
    ...job,
    policy: policy ?? job.run,
    activity,
    manual: !scheduled,
    isForOthers: launch_type === 'dependency' && job.job_type === 'check',
    // The preparation of a client runs no borg on the repository.
    repository: job.job_type === 'check' && job.client !== null ? null : job.repository,
  }));
};

/** The jobs of a run as the log plans them. */
export const plannedJobs = (
  run: RunFacts & { readonly jobs: readonly PlannedJob[] },
  correlationId: string,
): readonly QueuedJob[] =>
  queuedJobs(
    run.jobs.map((job) => ({
      uuid: job.uuid,
      id: job.id,
      name: job.name,
      job_type: job.job_type,
      task: taskOf(job),
      needs: job.needs,
      launch_type: job.launch_type,
      run: run.uuid,
      policy: run.policy?.uuid ?? null,
      repository: run.repository?.uuid ?? null,
      client: job.client?.uuid ?? null,
      scheduled: run.due_at !== null,
      correlationId,
    })),
  );
