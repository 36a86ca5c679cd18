import { jobStream, type JobEvent, type JobState } from '@cyborgbackup/contracts';
import { handleCommand, type CommandHandler } from '@cyborgbackup/event-store';
import { delay, hasCode } from '@cyborgbackup/kernel';
import { RetryLater, type DeadHandler, type JobHandler, type JobMessage } from '@cyborgbackup/messaging';
import { commandDeps, type ServiceParts } from '@cyborgbackup/service';
import { jobDecider, type JobCommand } from './job/job-decider.ts';
import { loadJobPlan } from './job/job-plan.ts';
import { createJobOutput } from './output/job-output.ts';
import { runAttempt, type AttemptOptions } from './run-attempt.ts';
import { WATCH_MILLIS } from './watch-job.ts';

export type JobCommands = CommandHandler<JobState, JobCommand, JobEvent>;

export const jobCommands = (parts: ServiceParts): JobCommands =>
  handleCommand(commandDeps(parts, 'executor'), jobDecider);

/** Long enough for an executor that only seemed dead to find its job taken over and to stop borg. */
const FENCE_MILLIS = 2 * WATCH_MILLIS + 6_000;

/** A message that came back while this very process still works on the job: it is looked at again after this time. */
const OWN_JOB_MILLIS = 30_000;

/**
 * One message of the work queue, from its arrival to the job's end:
 *
 * 1. claim: append `job-started` at the stream's exact version. Who loses that race, or finds the job over, drops the
 *    message; who finds it with an executor that fell silent takes it over as the next attempt, after a pause in which
 *    that executor, if it lives, stops borg.
 * 2. work, while the job's stream is watched: a cancel request or another executor's attempt stops it.
 * 3. settle: append how it ended. That is refused when the attempt is no longer ours, and then nothing is lost: the
 *    attempt that is running will tell.
 */
export const createJobHandler = (options: AttemptOptions): JobHandler => {
  const { parts } = options;
  const command = jobCommands(parts);
  return async (message, delivery) => {
    const plan = await loadJobPlan(parts, message.run, message.job);
    const claimed = await claim(command, message, parts.instance);
    if (claimed === undefined) return 'drop';
    if (claimed.tookOver) await delay(FENCE_MILLIS, delivery.signal);
    const output = await createJobOutput(parts, message.job);
    await runAttempt(options, command, { plan, attempt: claimed.attempt, output, winding: delivery.signal });
    return 'done';
  };
};

interface Claimed {
  readonly attempt: number;
  readonly tookOver: boolean;
}

/** Undefined when the job is over or another executor was faster. */
const claim = async (
  command: JobCommands,
  { job, run }: JobMessage,
  executor: string,
): Promise<Claimed | undefined> => {
  try {
    const { state, events } = await command(jobStream(job), { do: 'start', job, run, executor });
    if (events.length === 0) throw new RetryLater(OWN_JOB_MILLIS, 'this process runs the job already');
    return { attempt: state.attempt, tookOver: events.length > 1 };
  } catch (error) {
    if (hasCode(error, 'conflict')) return undefined;
    throw error;
  }
};

/** A job that was delivered in vain too often ends as an error, so that its run does not wait for ever. */
export const createDeadHandler = (parts: ServiceParts): DeadHandler => {
  const command = jobCommands(parts);
  return async (message, { message: why }) => {
    if (!message) return;
    const { job } = message;
    await command(jobStream(job), { do: 'give-up', job, reason: `Given up after several attempts: ${why}` });
  };
};
