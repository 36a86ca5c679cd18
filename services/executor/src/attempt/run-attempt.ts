import { jobStream, POLICY_DEFAULTS, secretCommands } from '@cyborgbackup/contracts';
import { delay, hasCode, isInfrastructureError, messageOf } from '@cyborgbackup/kernel';
import { RetryLater } from '@cyborgbackup/messaging';
import type { KeylessDeps } from '@cyborgbackup/service';
import { askOnce } from '../endpoints/secrets.ts';
import { callService } from '../job/call-service.ts';
import type { ConnectionDeps, JobContext } from '../job/job-context.ts';
import type { JobCommand } from '../job/job-decider.ts';
import { JobStopped, stopReasonOf } from '../job/job-failure.ts';
import type { JobPlan } from '../job/job-plan.ts';
import type { FailureFacts, JobResult } from '../job/job-result.ts';
import { runJobType } from '../jobs/run-job-type.ts';
import type { JobOutput } from '../output/job-output.ts';
import type { CancelSignals } from './cancel-signals.ts';
import { classifyFailure, type FailedAttempt } from './classify-failure.ts';
import type { JobCommands } from './job-commands.ts';
import { outliveOrphans } from './outlive-orphans.ts';
import { watchJob } from './watch-job.ts';

export interface AttemptDeps extends Omit<ConnectionDeps, 'deps'> {
  readonly deps: KeylessDeps;
  readonly cancels: CancelSignals;
}

export interface Attempt {
  readonly plan: JobPlan;
  readonly attempt: number;
  /** What it runs under. */
  readonly grant: number;
  /** Attempts before this one that a failed connection ended. */
  readonly transportFailures: number;
  readonly output: JobOutput;
  /** Fires when this executor has to stop now. */
  readonly shutdownSignal: AbortSignal;
}

/** What is recorded of an attempt, and why another one follows at once if it does. */
interface Outcome {
  readonly command: JobCommand;
  readonly handedOver?: string;
}

/**
 * Works on a job that this executor has started, and records how it ended.
 * @throws RetryLater when another attempt follows at once: the job is to be delivered again
 */
export const runAttempt = async (attemptDeps: AttemptDeps, command: JobCommands, attempt: Attempt): Promise<void> => {
  const { deps, cancels, hostKeys } = attemptDeps;
  const { plan, output, shutdownSignal } = attempt;
  const job = plan.job.uuid;
  const { connect_timeout, idle_timeout, total_timeout, max_attempts } = plan.run.policy ?? POLICY_DEFAULTS;
  const stopping = new AbortController();
  const ended = new AbortController();
  const watch = watchJob(deps, job, {
    attempt: attempt.attempt,
    signal: ended.signal,
    wake: () => cancels.next(job),
    stop: (reason) => stopping.abort(new JobStopped(reason)),
  });
  const overtime = timer(total_timeout, () => stopping.abort(new JobStopped('overtime')));
  const own = { job, attempt: attempt.attempt, executor: deps.instance };
  const context: JobContext = {
    deps: { ...deps, secrets: askOnce(() => callService(deps, secretCommands.readForJob, own)) },
    hostKeys,
    job,
    plan,
    attempt: attempt.attempt,
    output,
    connectTimeoutMillis: connect_timeout === null ? attemptDeps.connectTimeoutMillis : connect_timeout * 1000,
    idleTimeoutMillis: (idle_timeout ?? IDLE_SECONDS) * 1000,
    signal: AbortSignal.any([stopping.signal, shutdownSignal]),
    assertOwnership: watch.assertOwnership,
    warn: (text) => output.write('system_warning', text),
  };
  // While the log cannot be read it cannot be written to either, and hours of work would be done once more. A cancel request or
  // a takeover that came meanwhile decides what a failure means.
  const logAnswers = (): Promise<void> => watch.assertOwnership(shutdownSignal).catch(() => undefined);
  try {
    const outcome = await runJobType(context)
      .catch((error: unknown) => outliveOrphans(context, error))
      .finally(logAnswers)
      .then(
        (result) => successOf(attempt, result),
        (error: unknown) => {
          const policy = { maxAttempts: max_attempts, totalTimeout: total_timeout };
          return failureOf(attempt, { ...policy, error, stop: stopReasonOf(stopping.signal) });
        },
      );
    await output.flush();
    await recordOutcome(attemptDeps, command, redactOutcome(outcome.command, output.clean), shutdownSignal);
    if (outcome.handedOver !== undefined) throw new RetryLater(0, output.clean(outcome.handedOver));
  } finally {
    clearTimeout(overtime);
    ended.abort();
    cancels.forget(job);
    await watch.over;
  }
};

/** Borg reports progress several times a second; a dump or a hook may be silent for a while. */
const IDLE_SECONDS = 3_600;

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
  { plan, attempt, grant, transportFailures, output, shutdownSignal }: Attempt,
  ended: Pick<FailedAttempt, 'error' | 'stop' | 'maxAttempts' | 'totalTimeout'>,
): Outcome => {
  const isShuttingDown = shutdownSignal.aborted;
  const action = classifyFailure({ ...ended, isShuttingDown, attempt, transportFailures });
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
      const release = { type: 'release-for-retry' as const, ...own, reason, transport };
      if (retryMillis === 0) {
        output.write('system_warning', reason);
        return { command: release, handedOver: reason };
      }
      output.write('system_warning', `${reason} Trying again in ${Math.round(retryMillis / 1000)} s.`);
      const until = new Date(Date.now() + retryMillis).toISOString();
      return { command: { ...release, pause: { until, grant } } };
    }
  }
};

const RECORD_MILLIS = 1_000;

/**
 * The work is done, and would be done once more if its end were not recorded: while PostgreSQL cannot write, this waits, until the
 * executor stops. It is refused when the attempt has lost the job, which then has nothing to record.
 */
const recordOutcome = async (
  { deps: { logger } }: AttemptDeps,
  command: JobCommands,
  outcome: JobCommand,
  shutdownSignal: AbortSignal,
): Promise<void> => {
  const { job } = outcome;
  for (;;) {
    try {
      await command(jobStream(job), outcome);
      return;
    } catch (error) {
      if (hasCode(error, 'conflict')) return;
      if (!isInfrastructureError(error) || shutdownSignal.aborted) throw error;
      logger.warn({ job, reason: messageOf(error) }, 'how a job ended could not be recorded yet; trying again');
      await delay(RECORD_MILLIS, shutdownSignal);
    }
  }
};

type Clean = (text: string) => string;

const redacted = <Facts extends FailureFacts | JobResult>(facts: Facts, clean: Clean): Facts => {
  const { warnings, restored, drill } = facts;
  return {
    ...facts,
    ...(warnings ? { warnings: warnings.map(clean) } : {}),
    ...(restored ? { restored: { ...restored, mismatches: restored.mismatches.map(clean) } } : {}),
    ...(drill
      ? { drill: { ...drill, files: drill.files.map((file) => ({ ...file, problem: clean(file.problem) })) } }
      : {}),
  };
};

/**
 * How a job ended, with all text for people cleaned: borg, dumps and servers may have repeated what they were given. Names of
 * archives, machines and files stay as they are, since others look for them.
 */
const redactOutcome = (command: JobCommand, clean: Clean): JobCommand => {
  if (command.type === 'succeed') return { ...command, result: redacted(command.result, clean) };
  if (command.type === 'fail') {
    return { ...command, reason: clean(command.reason), facts: redacted(command.facts, clean) };
  }
  return 'reason' in command ? { ...command, reason: clean(command.reason) } : command;
};
