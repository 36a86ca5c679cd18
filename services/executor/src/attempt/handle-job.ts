import { isJobOver, jobEvolver, jobStream, type JobEvent, type JobState } from '@cyborgbackup/contracts';
import { handleCommand, loadState, type CommandHandler } from '@cyborgbackup/event-store';
import { delay, hasCode, messageOf } from '@cyborgbackup/kernel';
import { RetryLater, type DeadHandler, type JobHandler, type JobMessage } from '@cyborgbackup/messaging';
import { commandDeps, type ServiceParts } from '@cyborgbackup/service';
import type { JobHolders } from './job-holders.ts';
import { jobDecider, type JobCommand } from '../job/job-decider.ts';
import { createJobPlans } from '../job/job-plan.ts';
import { isInfrastructureError } from '../job/infrastructure-error.ts';
import { createJobOutput } from '../output/job-output.ts';
import { runAttempt, type AttemptOptions } from './run-attempt.ts';
import { WATCH_MILLIS } from './watch-job.ts';

export type JobCommands = CommandHandler<JobState, JobCommand, JobEvent>;

export interface JobHandlerOptions extends AttemptOptions {
  readonly holders: JobHolders;
}

export const jobCommands = (parts: ServiceParts): JobCommands =>
  handleCommand(commandDeps(parts, 'executor'), jobDecider);

/**
 * How long a takeover waits for an executor that only seemed dead. Seconds after it was cut off:
 *
 *   from NATS alone: it reads within 2 (WATCH_MILLIS) of the claim that the job was taken over, and lets go of borg. So the
 *   fence is longer than that.
 *
 *   from NATS and PostgreSQL: it stops by itself after 10 (BLIND_SECONDS in watch-job.ts), and borg, which gets TERM and 4
 *   seconds later KILL, is gone after 14. The message comes to another executor 15 (the queue's ack wait) after the last
 *   heartbeat, one of which is sent every 5, so not before 10; asking who holds the job takes 2 more, and the fence 5: the
 *   next attempt begins after 17 at the earliest. Who changes one of these numbers has to keep 14 below 17.
 *
 * A message may come sooner for other reasons, and an executor that was paused knows nothing of time. So nothing hangs on
 * these numbers alone: what an earlier attempt has started is ended before the first step on each host (run-step.ts), borg's
 * own lock stands between the two, and an attempt starts and removes nothing before the log has told it that the job is its
 * own (`prove` in job-context.ts).
 */
const FENCE_MILLIS = WATCH_MILLIS + 3_000;

const TAKEN_OVER = ', since the executor of the one before does not answer any more';

/** When to look again at a job that an executor works on: should that one die, this message brings the job back. */
const HELD_MILLIS = 15_000;

/** A job whose executors die so often may be what kills them. Failed connections are counted apart, see max_attempts. */
const MAX_LOST_ATTEMPTS = 20;

/**
 * One message of the work queue, from its arrival to the job's end:
 *
 * 1. claim: append `job-started` at the stream's exact version. A job that is over is dropped. One that an executor works
 *    on is looked at again later. One whose executor does not answer any more is taken over as the next attempt, after a
 *    pause in which that executor, if it lives, stops borg.
 * 2. work, while the job's stream is watched: a cancel request or another executor's attempt stops it, and so does being cut
 *    off from all that could tell of one.
 * 3. settle: append how it ended. That is refused when the attempt is no longer ours, and then nothing is lost: the
 *    attempt that is running will tell.
 */
export const createJobHandler = (options: JobHandlerOptions): JobHandler => {
  const { parts, holders } = options;
  const command = jobCommands(parts);
  const planOf = createJobPlans(parts);
  const handle: JobHandler = async (message, delivery) => {
    const plan = await planOf(message.run, message.job);
    const claimed = await claim(options, command, message);
    if (claimed === undefined) return 'drop';
    await holders.hold(message.job, async () => {
      if (claimed.tookOver) await delay(FENCE_MILLIS, delivery.signal);
      const { attempt, transportFailures } = claimed;
      const output = await createJobOutput(parts, message.job, attempt);
      if (attempt > 1) output.write('verbose', `Attempt ${attempt}${claimed.tookOver ? TAKEN_OVER : ''}.`);
      await runAttempt(options, command, { plan, attempt, transportFailures, output, winding: delivery.signal });
    });
    return 'done';
  };
  return (message, delivery) =>
    handle(message, delivery).catch((error: unknown) => {
      // Any other error ends the job for good.
      if (!(error instanceof RetryLater) && isInfrastructureError(error))
        throw new RetryLater(TROUBLE_MILLIS, messageOf(error));
      throw error;
    });
};

/** Time for the part that failed to come back. */
const TROUBLE_MILLIS = 5_000;

interface ClaimedAttempt {
  readonly attempt: number;
  readonly transportFailures: number;
  readonly tookOver: boolean;
}

const giveUp = async (command: JobCommands, job: string, { attempt, reason }: JobState): Promise<undefined> => {
  await command(jobStream(job), { do: 'give-up', job, reason: `Given up after ${attempt} attempts: ${reason}` });
  return undefined;
};

/** Undefined when the job is over. @throws RetryLater when somebody works on it, or was faster */
const claim = async (
  { parts, holders }: JobHandlerOptions,
  command: JobCommands,
  { job, run }: JobMessage,
): Promise<ClaimedAttempt | undefined> => {
  const { state: found } = await loadState(parts, jobEvolver, jobStream(job));
  if (isJobOver(found)) return undefined;
  const runs = found.status === 'running';
  if (runs && (await holders.isHeld(job))) throw new RetryLater(HELD_MILLIS, 'an executor works on the job');
  if (found.attempt - found.transportFailures >= MAX_LOST_ATTEMPTS) return giveUp(command, job, found);
  const start: JobCommand = { do: 'start', job, run, executor: parts.instance };
  try {
    const { state } = await command(jobStream(job), runs ? { ...start, insteadOf: found.attempt } : start);
    return { attempt: state.attempt, transportFailures: state.transportFailures, tookOver: runs };
  } catch (error) {
    if (hasCode(error, 'conflict')) throw new RetryLater(HELD_MILLIS, error.message);
    throw error;
  }
};

/** A job that was delivered in vain too often ends as an error, so that its run does not wait for ever. */
export const createDeadHandler = (parts: ServiceParts, holders: JobHolders): DeadHandler => {
  const command = jobCommands(parts);
  return async (message, { message: why }) => {
    if (!message) return;
    const { job } = message;
    // Deliveries that met a job being worked on count too, but say nothing about the job.
    if (await holders.isHeld(job)) throw new RetryLater(HELD_MILLIS, 'an executor works on the job');
    await command(jobStream(job), { do: 'give-up', job, reason: `Given up after several attempts: ${why}` });
  };
};
