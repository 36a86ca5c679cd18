import type { HostKeyPins } from '@cyborgbackup/borg';
import { jobStream } from '@cyborgbackup/contracts';
import { hasCode, messageOf } from '@cyborgbackup/kernel';
import { RetryLater } from '@cyborgbackup/messaging';
import type { ServiceParts } from '@cyborgbackup/service';
import type { CancelSignals } from './cancel-signals.ts';
import type { JobCommands } from './handle-job.ts';
import type { JobCommand } from './job/job-decider.ts';
import { asJobFailure } from './job/job-failure.ts';
import type { JobPlan } from './job/job-plan.ts';
import type { JobOutput } from './output/job-output.ts';
import { watchJob, type StopReason } from './watch-job.ts';
import { perform } from './work/perform.ts';

export interface AttemptOptions {
  readonly parts: ServiceParts;
  readonly hostKeys: HostKeyPins;
  readonly cancels: CancelSignals;
  readonly connectTimeoutMillis: number;
}

export interface Attempt {
  readonly plan: JobPlan;
  readonly attempt: number;
  readonly output: JobOutput;
  /** Fires when this executor has to stop now. */
  readonly winding: AbortSignal;
}

/**
 * Works on a claimed job and records how it ended.
 * @throws RetryLater when the attempt is lost without a result, by trouble of our own parts or because we stop: the job
 * is to be delivered again
 */
export const runAttempt = async (options: AttemptOptions, command: JobCommands, attempt: Attempt): Promise<void> => {
  const { parts, hostKeys, cancels, connectTimeoutMillis } = options;
  const { plan, output, winding } = attempt;
  const job = plan.job.uuid;
  const stopping = new AbortController();
  const ended = new AbortController();
  let reason: StopReason | undefined;
  const watching = watchJob(parts, job, {
    attempt: attempt.attempt,
    signal: ended.signal,
    look: () => cancels.heard(job),
    stop: (why) => {
      reason = why;
      stopping.abort();
    },
  });
  const signal = AbortSignal.any([stopping.signal, winding]);
  try {
    const context = { parts, hostKeys, connectTimeoutMillis, plan, attempt: attempt.attempt, output, signal };
    const ending = await perform(context).then(
      (result) => success(attempt, result),
      (error: unknown) => failure(attempt, error, reason),
    );
    await output.flush();
    await settle(command, job, ending);
    if (ending.do === 'lose') throw new RetryLater(winding.aborted ? 0 : RETRY_MILLIS, ending.reason);
  } finally {
    ended.abort();
    cancels.forget(job);
    await watching;
  }
};

/** Time for the part that failed to come back. */
const RETRY_MILLIS = 5_000;

const success = ({ plan, attempt }: Attempt, result: Awaited<ReturnType<typeof perform>>): JobCommand => ({
  do: 'succeed',
  job: plan.job.uuid,
  attempt,
  repository: plan.run.repository?.uuid ?? null,
  client: plan.job.client?.uuid ?? null,
  result,
});

/** Trouble of our own parts (the log, NATS, another service) is no result of the job. */
const isOurTrouble = (error: unknown): boolean => hasCode(error, 'unavailable') || hasCode(error, 'deadline');

const failure = ({ plan, attempt, output, winding }: Attempt, error: unknown, stop?: StopReason): JobCommand => {
  const job = plan.job.uuid;
  if (stop === 'canceled') {
    output.write('system_warning', 'Canceled.');
    return { do: 'cancel', job, attempt, reason: 'Canceled on request; borg was stopped.' };
  }
  if (stop === 'taken-over') return { do: 'lose', job, attempt, reason: 'Another executor has the job now.' };
  if (winding.aborted) {
    return { do: 'lose', job, attempt, reason: 'The executor was stopped; another one goes on with the job.' };
  }
  const known = asJobFailure(error);
  if (!known && isOurTrouble(error)) return { do: 'lose', job, attempt, reason: messageOf(error) };
  const reason = messageOf(error);
  output.write('error', reason);
  return { do: 'fail', job, attempt, reason, facts: known?.facts ?? { status: 'error' } };
};

/** Refused when the attempt is no longer ours; then there is nothing for us to record. */
const settle = async (command: JobCommands, job: string, ending: JobCommand): Promise<void> => {
  try {
    await command(jobStream(job), ending);
  } catch (error) {
    if (!hasCode(error, 'conflict')) throw error;
  }
};
