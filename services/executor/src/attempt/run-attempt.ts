import type { HostKeyPins } from '@cyborgbackup/borg';
import { jobStream } from '@cyborgbackup/contracts';
import { hasCode } from '@cyborgbackup/kernel';
import { RetryLater } from '@cyborgbackup/messaging';
import type { ServiceParts } from '@cyborgbackup/service';
import { createProcessRecorder } from './record-process.ts';
import type { CancelSignals } from './cancel-signals.ts';
import type { JobCommands } from './handle-job.ts';
import { attemptLimits, type AttemptLimits } from '../job/attempt-limits.ts';
import type { JobCommand } from '../job/job-decider.ts';
import type { JobPlan } from '../job/job-plan.ts';
import type { JobResult } from '../job/job-result.ts';
import { classifyFailure, type Verdict } from './classify-failure.ts';
import { stopReasonOf } from '../job/stop-reason.ts';
import type { JobOutput } from '../output/job-output.ts';
import { redactOutcome } from './redact-outcome.ts';
import { watchJob } from './watch-job.ts';
import { perform } from '../jobs/run-job-type.ts';

export interface AttemptOptions {
  readonly parts: ServiceParts;
  readonly hostKeys: HostKeyPins;
  readonly cancels: CancelSignals;
  /** Where a policy says nothing else. */
  readonly connectTimeoutMillis: number;
}

export interface Attempt {
  readonly plan: JobPlan;
  readonly attempt: number;
  /** Attempts before this one that a failed connection ended. */
  readonly transportFailures: number;
  readonly output: JobOutput;
  /** Fires when this executor has to stop now. */
  readonly winding: AbortSignal;
}

/** What there is to record, and when to try again if that is no end. */
interface Outcome {
  readonly command: JobCommand;
  readonly retry?: { readonly millis: number; readonly reason: string };
}

/**
 * Works on a claimed job and records how it ended.
 * @throws RetryLater when the attempt is lost without a result: the job is to be delivered again
 */
export const runAttempt = async (options: AttemptOptions, command: JobCommands, attempt: Attempt): Promise<void> => {
  const { parts, cancels, connectTimeoutMillis, ...rest } = options;
  const { plan, output, winding } = attempt;
  const job = plan.job.uuid;
  const limits = attemptLimits(plan.run, connectTimeoutMillis);
  const stopping = new AbortController();
  const ended = new AbortController();
  const watch = watchJob(parts, job, {
    attempt: attempt.attempt,
    signal: ended.signal,
    look: () => cancels.heard(job),
    stop: (reason) => stopping.abort(reason),
  });
  const overtime = timer(limits.totalTimeout, () => stopping.abort('overtime'));
  const { announce, settled } = createProcessRecorder(command, { job, attempt: attempt.attempt, logger: parts.logger });
  const signal = AbortSignal.any([stopping.signal, winding]);
  try {
    const { prove } = watch;
    const context = { ...rest, ...limits, parts, plan, attempt: attempt.attempt, output, signal, announce, prove };
    // While the log cannot be read it cannot be written to either, and hours of work would be done once more. What became of
    // the job meanwhile counts for what to say about a failure.
    const known = (): Promise<void> => prove(winding).catch(() => undefined);
    const ending = await perform(context)
      .finally(known)
      .then(
        (result) => success(attempt, result),
        (error: unknown) => failure(attempt, limits, error, stopping.signal),
      );
    await settled();
    await output.flush();
    await settle(command, job, redactOutcome(ending.command, output.clean));
    if (ending.retry) throw new RetryLater(ending.retry.millis, output.clean(ending.retry.reason));
  } finally {
    clearTimeout(overtime);
    ended.abort();
    cancels.forget(job);
    await watch.over;
  }
};

/** Node's longest; a longer wait would be none at all. */
const LONGEST_MILLIS = 2_147_483_647;

const timer = (seconds: number | null, expire: () => void): NodeJS.Timeout | undefined =>
  seconds === null ? undefined : setTimeout(expire, Math.min(seconds * 1000, LONGEST_MILLIS));

const success = ({ plan, attempt }: Attempt, result: JobResult): Outcome => ({
  command: {
    do: 'succeed',
    job: plan.job.uuid,
    attempt,
    repository: plan.run.repository?.uuid ?? null,
    client: plan.job.client?.uuid ?? null,
    result,
  },
});

const failure = (attempt: Attempt, limits: AttemptLimits, error: unknown, stopping: AbortSignal): Outcome => {
  const verdict = classifyFailure({
    ...limits,
    error,
    stop: stopReasonOf(stopping),
    isWinding: attempt.winding.aborted,
    attempt: attempt.attempt,
    transportFailures: attempt.transportFailures,
  });
  return record(attempt, verdict);
};

const record = ({ plan, attempt, output }: Attempt, verdict: Verdict): Outcome => {
  const ours = { job: plan.job.uuid, attempt };
  switch (verdict.do) {
    case 'cancel':
      output.write('system_warning', 'Canceled.');
      return { command: { do: 'cancel', ...ours, reason: 'Canceled on request; borg was stopped.' } };
    case 'fail': {
      const { message, facts } = verdict.failure;
      output.write('error', message);
      return { command: { do: 'fail', ...ours, reason: message, facts } };
    }
    case 'lose': {
      const { reason, transport, retryMillis } = verdict;
      const again = transport ? ` Trying again in ${Math.round(retryMillis / 1000)} s.` : '';
      output.write('system_warning', `${reason}${again}`);
      return { command: { do: 'lose', ...ours, reason, transport }, retry: { millis: retryMillis, reason } };
    }
  }
};

/** Refused when the attempt is no longer ours; then there is nothing for us to record. */
const settle = async (command: JobCommands, job: string, ending: JobCommand): Promise<void> => {
  try {
    await command(jobStream(job), ending);
  } catch (error) {
    if (!hasCode(error, 'conflict')) throw error;
  }
};
