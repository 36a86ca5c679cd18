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
import type { FailureFacts } from './job-failure.ts';
import type { JobResult } from './job-result.ts';

/** What an executor may say about a job. States and transitions are described beside `jobEvolver`. */
export type JobCommand =
  | {
      readonly do: 'start';
      readonly job: string;
      readonly run: string;
      readonly executor: string;
      /** The attempt whose executor is known to be gone; a job that runs can be started anew only with this. */
      readonly insteadOf?: number;
    }
  | {
      readonly do: 'lose';
      readonly job: string;
      readonly attempt: number;
      readonly reason: string;
      /** The connection to a host failed. */
      readonly transport?: boolean;
    }
  | {
      readonly do: 'succeed';
      readonly job: string;
      readonly attempt: number;
      readonly repository: string | null;
      readonly client: string | null;
      readonly result: JobResult;
    }
  | {
      readonly do: 'fail';
      readonly job: string;
      readonly attempt: number;
      readonly reason: string;
      readonly facts: FailureFacts;
    }
  | {
      readonly do: 'announce';
      readonly job: string;
      readonly attempt: number;
      readonly pid: number;
      /** Where the process is. */
      readonly host: 'client' | 'repository' | 'executor';
    }
  | { readonly do: 'cancel'; readonly job: string; readonly attempt: number; readonly reason: string }
  | { readonly do: 'give-up'; readonly job: string; readonly reason: string };

/** What only the executor of the running attempt may say. */
type OfAttempt = Exclude<JobCommand, { readonly do: 'start' | 'give-up' }>;

/** Only the executor of the running attempt may speak for it: whoever was taken over finds the job in other hands. */
const isOurs = (state: JobState, attempt: number): boolean => state.status === 'running' && state.attempt === attempt;

/** @throws AppError `conflict` when the job is over or with another executor */
const start = (command: Extract<JobCommand, { do: 'start' }>, state: JobState): readonly JobEvent[] => {
  const { job, run, executor, insteadOf } = command;
  const { status, attempt } = state;
  if (isJobOver(state)) throw new AppError('conflict', `This job is over already: ${status}.`);
  const started: JobEvent = { type: 'job-started', data: { job, run, attempt: attempt + 1, executor } };
  if (status !== 'running') return [started];
  if (attempt !== insteadOf) throw new AppError('conflict', `Executor ${state.executor ?? 'unknown'} has this job.`);
  const reason = `Executor ${state.executor ?? 'unknown'} was not heard of any more.`;
  return [{ type: 'job-attempt-lost', data: { job, attempt, reason, transport: false } }, started];
};

/** The queue gave the job up: it was delivered too often. Whatever attempt there was, nobody works on it now. */
const giveUp = ({ job, reason }: Extract<JobCommand, { do: 'give-up' }>, state: JobState): readonly JobEvent[] =>
  isJobOver(state) ? [] : [failed(job, state.attempt, reason, { status: 'error' })];

/** Reasons, warnings and findings name files, and a file's name may be no text. */
const told = <Data>({ schema }: { readonly schema: { parse(value: unknown): Data } }, data: Data): Data =>
  schema.parse(withReadableTexts(data));

const failed = (job: string, attempt: number, reason: string, facts: FailureFacts): JobEvent => ({
  type: 'job-failed',
  data: told(jobFailed, {
    job,
    attempt,
    status: facts.status ?? 'failed',
    reason,
    exit_code: facts.exitCode ?? null,
    warnings: [...(facts.warnings ?? [])],
    archive: facts.archive ?? null,
    restored: facts.restored ?? null,
    drill: facts.drill ?? null,
    check: facts.check ?? null,
  }),
});

const succeeded = ({ job, attempt, repository, client, result }: Extract<OfAttempt, { do: 'succeed' }>): JobEvent => ({
  type: 'job-succeeded',
  data: told(jobSucceeded, {
    job,
    attempt,
    warnings: [...result.warnings],
    repository,
    client,
    archive: result.archive,
    repository_sizes: result.repositorySizes,
    pruned: [...result.pruned],
    machines: [...(result.machines ?? [])],
    restored: result.restored ?? null,
    drill: result.drill ?? null,
    check: result.check ?? null,
  }),
});

const ofAttempt = (command: OfAttempt): JobEvent => {
  const { job, attempt } = command;
  switch (command.do) {
    case 'announce':
      return { type: 'job-process-started', data: { job, attempt, pid: command.pid, host: command.host } };
    case 'lose':
      return {
        type: 'job-attempt-lost',
        data: told(jobAttemptLost, {
          job,
          attempt,
          reason: command.reason,
          transport: command.transport ?? false,
        }),
      };
    case 'fail':
      return failed(job, attempt, command.reason, command.facts);
    case 'cancel':
      return { type: 'job-canceled', data: { job, attempt, reason: command.reason } };
    case 'succeed':
      return succeeded(command);
  }
};

const decide = (command: JobCommand, state: JobState): readonly JobEvent[] => {
  if (command.do === 'start') return start(command, state);
  if (command.do === 'give-up') return giveUp(command, state);
  if (!isOurs(state, command.attempt)) {
    throw new AppError('conflict', `Attempt ${command.attempt} of this job is not running any more.`);
  }
  return [ofAttempt(command)];
};

export const jobDecider: Decider<JobState, JobCommand, JobEvent> = { ...jobEvolver, decide };
