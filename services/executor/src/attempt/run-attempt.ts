import type { HostKeyPins } from '@cyborgbackup/borg';
import { jobStream, POLICY_DEFAULTS, type RunRequested } from '@cyborgbackup/contracts';
import { hasCode } from '@cyborgbackup/kernel';
import { RetryLater } from '@cyborgbackup/messaging';
import type { ServiceDeps } from '@cyborgbackup/service';
import type { JobContext } from '../job/job-context.ts';
import type { JobCommand } from '../job/job-decider.ts';
import { JobStopped, stopReasonOf } from '../job/job-failure.ts';
import type { JobPlan } from '../job/job-plan.ts';
import type { JobResult } from '../job/job-result.ts';
import { runJobType } from '../jobs/run-job-type.ts';
import type { JobOutput } from '../output/job-output.ts';
import type { CancelSignals } from './cancel-signals.ts';
import { classifyFailure, type FailureAction } from './classify-failure.ts';
import type { JobCommands } from './job-commands.ts';
import { createProcessRecorder } from './record-process.ts';
import { redactOutcome } from './redact-outcome.ts';
import { watchJob } from './watch-job.ts';

export interface AttemptDeps {
  readonly deps: ServiceDeps;
  readonly hostKeys: HostKeyPins;
  readonly cancels: CancelSignals;
  /** Default of policies. */
  readonly connectTimeoutMillis: number;
}

export interface Attempt {
  readonly plan: JobPlan;
  readonly attempt: number;
  /** Attempts before this one that a failed connection ended. */
  readonly transportFailures: number;
  readonly output: JobOutput;
  /** Fires when this executor has to stop now. */
  readonly shutdownSignal: AbortSignal;
}

/** What is recorded of an attempt, and when the next one follows if the job goes on. */
interface Outcome {
  readonly command: JobCommand;
  readonly retry?: { readonly millis: number; readonly reason: string };
}

/**
 * Works on a claimed job and records how it ended.
 * @throws RetryLater when the attempt ended without a result: the job is to be delivered again
 */
export const runAttempt = async (attemptDeps: AttemptDeps, command: JobCommands, attempt: Attempt): Promise<void> => {
  const { deps, cancels, hostKeys } = attemptDeps;
  const { plan, output, shutdownSignal } = attempt;
  const job = plan.job.uuid;
  const limits = limitsOf(plan.run, attemptDeps.connectTimeoutMillis);
  const stopping = new AbortController();
  const ended = new AbortController();
  const watch = watchJob(deps, job, {
    attempt: attempt.attempt,
    signal: ended.signal,
    wake: () => cancels.next(job),
    stop: (reason) => stopping.abort(new JobStopped(reason)),
  });
  const overtime = timer(limits.totalTimeout, () => stopping.abort(new JobStopped('overtime')));
  const recorder = createProcessRecorder(command, { job, attempt: attempt.attempt, logger: deps.logger });
  const context: JobContext = {
    deps,
    hostKeys,
    plan,
    attempt: attempt.attempt,
    output,
    connectTimeoutMillis: limits.connectTimeoutMillis,
    idleTimeoutMillis: limits.idleTimeoutMillis,
    signal: AbortSignal.any([stopping.signal, shutdownSignal]),
    assertOwnership: watch.assertOwnership,
    recordProcess: recorder.recordProcess,
  };
  // While the log cannot be read it cannot be written to either, and hours of work would be done once more. A cancel request or
  // a takeover that came meanwhile decides what a failure means.
  const logAnswers = (): Promise<void> => watch.assertOwnership(shutdownSignal).catch(() => undefined);
  try {
    const outcome = await runJobType(context)
      .finally(logAnswers)
      .then(
        (result) => successOf(attempt, result),
        (error: unknown) => failureOf(attempt, limits, { error, stop: stopReasonOf(stopping.signal) }),
      );
    await recorder.flush();
    await output.flush();
    await recordOutcome(command, job, redactOutcome(outcome.command, output.clean));
    if (outcome.retry) throw new RetryLater(outcome.retry.millis, output.clean(outcome.retry.reason));
  } finally {
    clearTimeout(overtime);
    ended.abort();
    cancels.forget(job);
    await watch.over;
  }
};

/** Borg reports progress several times a second; a dump or a hook may be silent for a while. */
const IDLE_SECONDS = 3_600;

interface AttemptLimits {
  /** For reaching a host and logging in. */
  readonly connectTimeoutMillis: number;
  /** For silence of borg, a dump or a hook. */
  readonly idleTimeoutMillis: number;
  /** For the whole attempt, in seconds; null = no limit. */
  readonly totalTimeout: number | null;
  /** How often the job is tried when connections fail. */
  readonly maxAttempts: number;
}

/** What the run's policy allows, with the defaults for what it leaves open and for a run without policy. */
const limitsOf = ({ policy }: RunRequested, connectTimeoutMillis: number): AttemptLimits => {
  const { connect_timeout, idle_timeout, total_timeout, max_attempts } = policy ?? POLICY_DEFAULTS;
  return {
    connectTimeoutMillis: connect_timeout === null ? connectTimeoutMillis : connect_timeout * 1000,
    idleTimeoutMillis: (idle_timeout ?? IDLE_SECONDS) * 1000,
    totalTimeout: total_timeout,
    maxAttempts: max_attempts,
  };
};

/** Node's longest; a longer one would fire at once. */
const MAX_TIMER_MILLIS = 2_147_483_647;

const timer = (seconds: number | null, expire: () => void): NodeJS.Timeout | undefined =>
  seconds === null ? undefined : setTimeout(expire, Math.min(seconds * 1000, MAX_TIMER_MILLIS));

const successOf = ({ plan, attempt }: Attempt, result: JobResult): Outcome => ({
  command: {
    type: 'succeed',
    job: plan.job.uuid,
    attempt,
    repository: plan.run.repository?.uuid ?? null,
    client: plan.job.client?.uuid ?? null,
    result,
  },
});

const failureOf = (
  { plan, attempt, transportFailures, output, shutdownSignal }: Attempt,
  { maxAttempts, totalTimeout }: AttemptLimits,
  ended: Pick<Parameters<typeof classifyFailure>[0], 'error' | 'stop'>,
): Outcome => {
  const isShuttingDown = shutdownSignal.aborted;
  const action: FailureAction = classifyFailure({
    ...ended,
    isShuttingDown,
    attempt,
    transportFailures,
    maxAttempts,
    totalTimeout,
  });
  const own = { job: plan.job.uuid, attempt };
  switch (action.kind) {
    case 'cancel':
      output.write('system_warning', 'Canceled.');
      return { command: { type: 'cancel', ...own, reason: 'Canceled on request; borg was stopped.' } };
    case 'fail': {
      const { message, facts } = action.failure;
      output.write('error', message);
      return { command: { type: 'fail', ...own, reason: message, facts } };
    }
    case 'release-for-retry': {
      const { reason, transport, retryMillis } = action;
      const again = transport ? ` Trying again in ${Math.round(retryMillis / 1000)} s.` : '';
      output.write('system_warning', `${reason}${again}`);
      const retry = { millis: retryMillis, reason };
      return { command: { type: 'release-for-retry', ...own, reason, transport }, retry };
    }
  }
};

/** Refused when the attempt has lost the job; then it has nothing to record. */
const recordOutcome = async (command: JobCommands, job: string, outcome: JobCommand): Promise<void> => {
  try {
    await command(jobStream(job), outcome);
  } catch (error) {
    if (!hasCode(error, 'conflict')) throw error;
  }
};
