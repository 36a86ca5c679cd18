import type { Decider } from '@cyborgbackup/kernel';
import type { JobEvent } from './job.ts';

/*
 * The states of a job, from its stream `job-<uuid>`. A job is planned in the stream of its run; its own stream says what
 * happens to it. Two services append, each with a decider of its own, always at an exact version: the executor (started, lost,
 * succeeded, failed, canceled) and the scheduler (pause ended, cancel requested, canceled, failed before its start).
 *
 *   idle        no executor has it: never started (attempt 0), or attempt n was lost and n + 1 will follow
 *   running     an executor runs attempt n
 *   successful, failed, error, canceled
 *               the end: nothing is appended after it
 *
 *   idle     -- job-started (n + 1) -->    running
 *   running  -- job-attempt-lost (n) -->   idle; with a pause: it gave its grant up, and starts under a later one only
 *   idle     -- job-pause-ended (n) -->    idle, and waits for that grant
 *   running  -- job-cancel-requested -->   running, with `cancelRequested`, which survives a lost attempt
 *   running  -- job-succeeded, job-failed, job-canceled -->  the end
 *   idle     -- job-failed, job-canceled -->                 the end, without (another) start
 */
export const JOB_ENDS = ['successful', 'failed', 'error', 'canceled'] as const;
export type JobEnd = (typeof JOB_ENDS)[number];

export interface JobState {
  readonly status: 'idle' | 'running' | JobEnd;
  /** The latest attempt, running or not; 0 when the job was never started. */
  readonly attempt: number;
  /** The executor that runs it, while `running`. */
  readonly executor: string | undefined;
  /** Attempts that were lost with the connection to a host. */
  readonly transportFailures: number;
  readonly cancelRequested: boolean;
  /** Until when it pauses before its next attempt; undefined when it does not. */
  readonly pausedUntil: string | undefined;
  /** The job gave up all older grants: who holds a message of one of them must not start it. */
  readonly minGrant: number;
  /** Why it failed, was canceled, or lost its last attempt; empty otherwise. */
  readonly reason: string;
}

export const initialJobState: JobState = {
  status: 'idle',
  attempt: 0,
  executor: undefined,
  transportFailures: 0,
  cancelRequested: false,
  pausedUntil: undefined,
  minGrant: 1,
  reason: '',
};

export const isJobEnd = (status: string): status is JobEnd => (JOB_ENDS as readonly string[]).includes(status);

/** Nothing may be appended to the job's stream any more. */
export const isJobOver = (state: JobState): boolean => isJobEnd(state.status);

const afterLoss = (
  state: JobState,
  { reason, transport, pause }: Extract<JobEvent, { type: 'job-attempt-lost' }>['data'],
): JobState => ({
  ...state,
  status: 'idle',
  executor: undefined,
  transportFailures: state.transportFailures + (transport ? 1 : 0),
  reason,
  pausedUntil: pause?.until,
  minGrant: pause ? pause.grant + 1 : state.minGrant,
});

const evolve = (state: JobState, event: JobEvent): JobState => {
  switch (event.type) {
    case 'job-started':
      return { ...state, status: 'running', attempt: event.data.attempt, executor: event.data.executor, reason: '' };
    case 'job-attempt-lost':
      return afterLoss(state, event.data);
    case 'job-pause-ended':
      return { ...state, pausedUntil: undefined };
    case 'job-cancel-requested':
      return { ...state, cancelRequested: true };
    case 'job-succeeded':
      return { ...state, status: 'successful', executor: undefined, reason: '' };
    case 'job-failed':
      return { ...state, status: event.data.status, executor: undefined, reason: event.data.reason };
    case 'job-canceled':
      return { ...state, status: 'canceled', executor: undefined, reason: event.data.reason };
  }
};

/** How a job ended by this event; undefined for an event that does not end it. */
export const jobEndOf = (event: JobEvent): JobEnd | undefined => {
  const { status } = evolve(initialJobState, event);
  return isJobEnd(status) ? status : undefined;
};

/** The part that both services' deciders share: `{ ...jobEvolver, decide }`. */
export const jobEvolver: Pick<Decider<JobState, never, JobEvent>, 'initialState' | 'evolve'> = {
  initialState: initialJobState,
  evolve,
};
