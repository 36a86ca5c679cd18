import { isJobOver, jobEvolver, type JobEvent, type JobState } from '@cyborgbackup/contracts';
import { AppError, type Decider } from '@cyborgbackup/kernel';
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
  | { readonly do: 'lose'; readonly job: string; readonly attempt: number; readonly reason: string }
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
      readonly status: 'failed' | 'error';
      readonly reason: string;
      readonly exitCode: number | null;
    }
  | { readonly do: 'cancel'; readonly job: string; readonly attempt: number; readonly reason: string }
  | { readonly do: 'give-up'; readonly job: string; readonly reason: string };

type Ending = Exclude<JobCommand, { readonly do: 'start' | 'give-up' }>;

/** Only the executor of the running attempt may end it: whoever was taken over finds the job in other hands. */
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
  return [{ type: 'job-attempt-lost', data: { job, attempt, reason } }, started];
};

/** The queue gave the job up: it was delivered too often. Whatever attempt there was, nobody works on it now. */
const giveUp = ({ job, reason }: Extract<JobCommand, { do: 'give-up' }>, state: JobState): readonly JobEvent[] =>
  isJobOver(state)
    ? []
    : [{ type: 'job-failed', data: { job, attempt: state.attempt, status: 'error', reason, exit_code: null } }];

const ending = (command: Ending): JobEvent => {
  const { job, attempt } = command;
  switch (command.do) {
    case 'lose':
      return { type: 'job-attempt-lost', data: { job, attempt, reason: command.reason } };
    case 'fail':
      return {
        type: 'job-failed',
        data: { job, attempt, status: command.status, reason: command.reason, exit_code: command.exitCode },
      };
    case 'cancel':
      return { type: 'job-canceled', data: { job, attempt, reason: command.reason } };
    case 'succeed': {
      const { repository, client, result } = command;
      const { warnings, archive, repositorySizes, pruned } = result;
      return {
        type: 'job-succeeded',
        data: {
          job,
          attempt,
          warnings: [...warnings],
          repository,
          client,
          archive,
          repository_sizes: repositorySizes,
          pruned: [...pruned],
        },
      };
    }
  }
};

const decide = (command: JobCommand, state: JobState): readonly JobEvent[] => {
  if (command.do === 'start') return start(command, state);
  if (command.do === 'give-up') return giveUp(command, state);
  if (!isOurs(state, command.attempt)) {
    throw new AppError('conflict', `Attempt ${command.attempt} of this job is not running any more.`);
  }
  return [ending(command)];
};

export const jobDecider: Decider<JobState, JobCommand, JobEvent> = { ...jobEvolver, decide };
