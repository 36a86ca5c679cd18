import { isJobOver, jobEvolver, type JobEvent, type JobState } from '@cyborgbackup/contracts';
import { AppError, type Decider } from '@cyborgbackup/kernel';

/*
 * What the scheduler may say about a job, on the same stream as the executors and, as they do, at an exact version: the second
 * to append reads what the first one wrote, and decides again. All states are described beside `jobEvolver`.
 *
 *             cancel                   skip, fail                             end-pause
 *   idle      job-canceled, the end    job-canceled, job-failed: the end      job-pause-ended, if it pauses
 *   running   job-cancel-requested     nothing: it was started after all      nothing
 *   ended     refused                  nothing: it has ended already          nothing
 *
 * An executor that is about to start a job which is canceled at that moment loses the race, reads the end, and drops the
 * job; when the executor wins, the cancel becomes a request to it.
 */
export type JobCommand =
  | { readonly type: 'cancel'; readonly job: string }
  /** A dependency did not succeed, so there is nothing to do. */
  | { readonly type: 'skip'; readonly job: string; readonly reason: string }
  /** Its preparation failed, and the job fails with it. */
  | { readonly type: 'fail'; readonly job: string; readonly reason: string }
  /** Its next attempt is due: the pause until this time (milliseconds since the epoch) is over. */
  | { readonly type: 'end-pause'; readonly job: string; readonly until: number };

const cancel = (job: string, { status, attempt, cancelRequested }: JobState): readonly JobEvent[] => {
  if (status === 'idle') {
    const reason = attempt === 0 ? 'Canceled before it was started.' : 'Canceled before it was tried again.';
    return [{ type: 'job-canceled', data: { job, attempt, reason } }];
  }
  return cancelRequested ? [] : [{ type: 'job-cancel-requested', data: { job } }];
};

const NO_RESULT = { warnings: [], archive: null, restored: null, drill: null, check: null };

const end = ({ type, job, reason }: Extract<JobCommand, { type: 'skip' | 'fail' }>, { attempt }: JobState): JobEvent =>
  type === 'skip'
    ? { type: 'job-canceled', data: { job, attempt, reason } }
    : { type: 'job-failed', data: { job, attempt, status: 'failed', reason, exit_code: null, ...NO_RESULT } };

/** A scheduler that does not lead any more may mean an earlier pause. */
const endPause = (
  { job, until }: Extract<JobCommand, { type: 'end-pause' }>,
  { status, attempt, pausedUntil }: JobState,
): readonly JobEvent[] =>
  status === 'idle' && pausedUntil !== undefined && Date.parse(pausedUntil) === until
    ? [{ type: 'job-pause-ended', data: { job, attempt } }]
    : [];

export const jobDecider: Decider<JobState, JobCommand, JobEvent> = {
  ...jobEvolver,
  decide: (command, state) => {
    switch (command.type) {
      case 'cancel':
        if (isJobOver(state)) throw new AppError('conflict', `The job has ended already: it is ${state.status}.`);
        return cancel(command.job, state);
      case 'end-pause':
        return endPause(command, state);
      default:
        return state.status === 'idle' ? [end(command, state)] : [];
    }
  },
};
