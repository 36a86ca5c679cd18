import { jobEvolver, jobStream, type JobState } from '@cyborgbackup/contracts';
import { loadState } from '@cyborgbackup/event-store';
import { delay, hasCode, isInfrastructureError, messageOf } from '@cyborgbackup/kernel';
import { RetryLater, type DeadHandler, type JobHandler, type JobMessage } from '@cyborgbackup/messaging';
import { isGrantVoid, type JobCommand } from '../job/job-decider.ts';
import { createJobPlans } from '../job/job-plan.ts';
import { createJobOutput } from '../output/job-output.ts';
import { isLastAttempt } from './classify-failure.ts';
import { createJobCommands, type JobCommands } from './job-commands.ts';
import type { JobHolders } from './job-holders.ts';
import { runAttempt, type AttemptDeps } from './run-attempt.ts';
import { TAKEOVER_TIMING } from './timing.ts';

export interface JobHandlerDeps extends AttemptDeps {
  readonly holders: JobHolders;
}

/** When a message is delivered again whose job an executor works on: should that one die, it brings the job back. */
const HELD_MILLIS = 15_000;

/** After a failure of the control plane itself. */
const TROUBLE_MILLIS = 5_000;

const isHeldElsewhere = (): RetryLater => new RetryLater(HELD_MILLIS, 'an executor works on the job');

/**
 * One message of the work queue, from its arrival to the job's end:
 *
 * 1. start: append `job-started` at the stream's exact version. A job that is over is dropped, and so is a message of a grant
 *    that the job has given up: its next grant has a message of its own. A job that an executor works on is delivered again later. One whose executor does not answer any more is taken over as the next attempt, after a
 *    pause (the fence) in which that executor, if it lives, stops borg. See timing.ts.
 * 2. work, while the job's stream is watched: a cancel request or another executor's attempt stops it, and so does losing
 *    the connection to both the log and NATS.
 * 3. record the outcome. The append is refused when the attempt has lost the job, and then nothing is lost: the attempt
 *    that is running records how the job ends. A job that pauses before its next attempt has given its grant up by that
 *    record; its message is done.
 */
export const createJobHandler = (handlerDeps: JobHandlerDeps): JobHandler => {
  const { deps, holders } = handlerDeps;
  const command = createJobCommands(deps);
  const planOf = createJobPlans(deps);
  const handle: JobHandler = async (message, delivery) => {
    const plan = await planOf(message.run, message.job);
    const started = await startAttempt(handlerDeps, command, message);
    if (started === undefined) return 'drop';
    await holders.hold(message.job, async () => {
      const { attempt, transportFailures, tookOver } = started;
      if (tookOver) await delay(TAKEOVER_TIMING.fenceMillis, delivery.signal);
      const output = await createJobOutput(deps, message.job, attempt);
      const reason = tookOver ? ', since the executor of the one before does not answer any more' : '';
      if (attempt > 1) output.write('verbose', `Attempt ${attempt}${reason}.`);
      await runAttempt(handlerDeps, command, {
        plan,
        attempt,
        grant: message.grant,
        transportFailures,
        output,
        shutdownSignal: delivery.signal,
      });
    });
    return 'done';
  };
  return (message, delivery) =>
    handle(message, delivery).catch((error: unknown) => {
      // Any other error ends the job for good.
      if (!(error instanceof RetryLater) && isInfrastructureError(error)) {
        throw new RetryLater(TROUBLE_MILLIS, messageOf(error));
      }
      throw error;
    });
};

interface StartedAttempt {
  readonly attempt: number;
  readonly transportFailures: number;
  readonly tookOver: boolean;
}

const giveUp = async (
  command: JobCommands,
  { job, grant }: JobMessage,
  { attempt, reason, executor }: JobState,
): Promise<undefined> => {
  // Of an attempt that was not lost before, nothing is known but that its executor does not answer.
  const why =
    executor === undefined ? reason : `executor ${executor} was not heard of any more; the job may be what ends them.`;
  await command(jobStream(job), {
    type: 'give-up',
    job,
    grant,
    reason: `Given up after ${attempt} attempts: ${why}`,
  });
  return undefined;
};

/** Undefined when there is nothing to start for this message. @throws RetryLater when another executor works on it, or was faster */
const startAttempt = async (
  { deps, holders }: JobHandlerDeps,
  command: JobCommands,
  message: JobMessage,
): Promise<StartedAttempt | undefined> => {
  const { job, run, grant } = message;
  const { state: current } = await loadState(deps, jobEvolver, jobStream(job));
  if (isGrantVoid(current, grant)) return undefined;
  const isRunning = current.status === 'running';
  if (isRunning && (await holders.isHeld(job))) throw isHeldElsewhere();
  if (isLastAttempt(current)) return giveUp(command, message, current);
  const start: JobCommand = { type: 'start', job, run, grant, executor: deps.instance };
  try {
    const { state } = await command(jobStream(job), isRunning ? { ...start, insteadOf: current.attempt } : start);
    return { attempt: state.attempt, transportFailures: state.transportFailures, tookOver: isRunning };
  } catch (error) {
    if (hasCode(error, 'conflict')) throw new RetryLater(HELD_MILLIS, error.message);
    throw error;
  }
};

/** A job that was delivered in vain too often ends as an error, so that its run does not wait for ever. */
export const createDeadHandler = ({ deps, holders }: Pick<JobHandlerDeps, 'deps' | 'holders'>): DeadHandler => {
  const command = createJobCommands(deps);
  return async (message, { message: why }) => {
    if (!message) return;
    const { job, grant } = message;
    // Deliveries that found the job being worked on count too, but say nothing about the job.
    if (await holders.isHeld(job)) throw isHeldElsewhere();
    await command(jobStream(job), { type: 'give-up', job, grant, reason: `Given up after several attempts: ${why}` });
  };
};
