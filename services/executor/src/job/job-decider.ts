import {
  isJobOver,
  jobAttemptLost,
  jobEvolver,
  jobFailed,
  jobSucceeded,
  type JobEvent,
  type JobState,
} from '@cyborgbackup/contracts';
import { AppError, withReadableTexts, type Decider } from '@cyborgbackup/kernel';
import { NO_FACTS, type FailureFacts, type JobResult } from './job-result.ts';

/** Commands that only the executor of the running attempt may give. */
type AttemptCommand = { readonly job: string; readonly attempt: number } & (
  | {
      readonly type: 'release-for-retry';
      readonly reason: string;
      /** The connection to a host failed. Default: false. */
      readonly transport?: boolean;
      /** See `jobAttemptLost`. Default: null. */
      readonly pause?: Extract<JobEvent, { type: 'job-attempt-lost' }>['data']['pause'];
    }
  | {
      readonly type: 'succeed';
      readonly repository: string | null;
      readonly client: string | null;
      readonly result: JobResult;
    }
  | { readonly type: 'fail'; readonly reason: string; readonly facts: FailureFacts }
  | { readonly type: 'cancel'; readonly reason: string }
);

/** What an executor may append to a job's stream. States and transitions are described beside `jobEvolver`. */
export type JobCommand =
  | AttemptCommand
  | {
      readonly type: 'start';
      readonly job: string;
      readonly run: string;
      readonly executor: string;
      /** Of the message that says so. */
      readonly grant: number;
      /** The attempt whose executor does not answer any more; a running job can be taken over only with this. */
      readonly insteadOf?: number;
    }
  | { readonly type: 'give-up'; readonly job: string; readonly grant: number; readonly reason: string };

/** False for an executor whose job was taken over. */
const ownsJob = (state: JobState, attempt: number): boolean => state.status === 'running' && state.attempt === attempt;

/** A message of this grant may not move the job any more. */
export const isGrantVoid = (state: JobState, grant: number): boolean => isJobOver(state) || grant < state.minGrant;

/** @throws AppError `conflict` when the job is over, has given the grant up or is with another executor */
const start = (command: Extract<JobCommand, { type: 'start' }>, state: JobState): readonly JobEvent[] => {
  const { job, run, executor, grant, insteadOf } = command;
  const { status, attempt } = state;
  if (isJobOver(state)) throw new AppError('conflict', `This job is over already: ${status}.`);
  if (isGrantVoid(state, grant)) throw new AppError('conflict', `This job has given up its grant ${grant}.`);
  const started: JobEvent = { type: 'job-started', data: { job, run, attempt: attempt + 1, executor } };
  if (status !== 'running') return [started];
  if (attempt !== insteadOf) throw new AppError('conflict', `Executor ${state.executor ?? 'unknown'} has this job.`);
  const reason = `Executor ${state.executor ?? 'unknown'} was not heard of any more.`;
  return [{ type: 'job-attempt-lost', data: { job, attempt, reason, transport: false, pause: null } }, started];
};

/** The queue gave the job up after too many deliveries; no executor works on it any more. */
const giveUp = (
  { job, grant, reason }: Extract<JobCommand, { type: 'give-up' }>,
  state: JobState,
): readonly JobEvent[] => (isGrantVoid(state, grant) ? [] : [failed(job, state.attempt, reason, { status: 'error' })]);

/** Reasons, warnings and findings name files, and a file's name may contain bytes that are not UTF-8. */
const readableData = <Data>({ schema }: { readonly schema: { parse(value: unknown): Data } }, data: object): Data =>
  schema.parse(withReadableTexts(data));

const failed = (job: string, attempt: number, reason: string, facts: FailureFacts): JobEvent => ({
  type: 'job-failed',
  data: readableData(jobFailed, { ...NO_FACTS, ...facts, job, attempt, reason }),
});

const outcomeOf = (command: AttemptCommand): JobEvent => {
  const { job, attempt } = command;
  switch (command.type) {
    case 'release-for-retry':
      return {
        type: 'job-attempt-lost',
        data: readableData(jobAttemptLost, { transport: false, pause: null, ...command }),
      };
    case 'fail':
      return failed(job, attempt, command.reason, command.facts);
    case 'cancel':
      return { type: 'job-canceled', data: { job, attempt, reason: command.reason } };
    case 'succeed': {
      const { repository, client, result } = command;
      const data = readableData(jobSucceeded, { ...result, job, attempt, repository, client });
      return { type: 'job-succeeded', data };
    }
  }
};

const decide = (command: JobCommand, state: JobState): readonly JobEvent[] => {
  if (command.type === 'start') return start(command, state);
  if (command.type === 'give-up') return giveUp(command, state);
  if (!ownsJob(state, command.attempt)) {
    throw new AppError('conflict', `Attempt ${command.attempt} of this job is not running any more.`);
  }
  return [outcomeOf(command)];
};

export const jobDecider: Decider<JobState, JobCommand, JobEvent> = { ...jobEvolver, decide };
