import { isInfrastructureError, messageOf } from '@cyborgbackup/kernel';
import { asJobFailure, JobFailure, type StopReason } from '../job/job-failure.ts';

/** An attempt that did not succeed, with its job's history. */
export interface FailedAttempt {
  readonly error: unknown;
  readonly stop: StopReason | undefined;
  /** This executor has to stop. */
  readonly isShuttingDown: boolean;
  /** From 1. */
  readonly attempt: number;
  /** Attempts before this one that a broken connection ended. */
  readonly transportFailures: number;
  /** How often the policy lets a job be tried when connections fail. */
  readonly maxAttempts: number;
  /** Seconds; null = no limit. */
  readonly totalTimeout: number | null;
}

export type FailureAction =
  | { readonly kind: 'cancel' }
  /** The job goes on with another attempt, after a pause of so many milliseconds; 0 = without one, as it is handed over. */
  | {
      readonly kind: 'release-for-retry';
      readonly reason: string;
      readonly transport: boolean;
      readonly retryMillis: number;
    }
  | { readonly kind: 'fail'; readonly failure: JobFailure };

/**
 * How many attempts a job has that end without a result for another reason than a failed connection: trouble of the control plane,
 * executors that die (a job may be what kills them) or are stopped. Failed connections are counted apart, see max_attempts; so
 * a job has at most this many attempts and max_attempts more.
 */
const MAX_LOST_ATTEMPTS = 20;

/** No attempt may follow this one, unless it ends by a failed connection. */
export const isLastAttempt = ({
  attempt,
  transportFailures,
}: {
  readonly attempt: number;
  readonly transportFailures: number;
}): boolean => attempt - transportFailures >= MAX_LOST_ATTEMPTS;

/** The pause before the next attempt. Grows by three, up to ten minutes. */
const backOff = (firstMillis: number, retries: number): number => Math.min(600_000, firstMillis * 3 ** retries);

const TRANSPORT_MILLIS = 10_000;
const INFRASTRUCTURE_MILLIS = 5_000;

const fail = (failure: JobFailure): FailureAction => ({ kind: 'fail', failure });

const releaseForRetry = (reason: string, retryMillis: number, transport = false): FailureAction => ({
  kind: 'release-for-retry',
  reason,
  transport,
  retryMillis,
});

const afterTransport = (failure: JobFailure, { transportFailures, maxAttempts }: FailedAttempt): FailureAction => {
  const tries = transportFailures + 1;
  if (tries < maxAttempts) return releaseForRetry(failure.message, backOff(TRANSPORT_MILLIS, transportFailures), true);
  return fail(tries === 1 ? failure : new JobFailure(`${failure.message} It was tried ${tries} times.`, failure.facts));
};

const afterStop = ({ stop, totalTimeout, isShuttingDown }: FailedAttempt): FailureAction | undefined => {
  switch (stop) {
    case 'canceled':
      return { kind: 'cancel' };
    case 'taken-over':
      return releaseForRetry('Another executor has the job now.', 0);
    case 'cut-off':
      return releaseForRetry(
        'The executor could reach neither the database nor NATS, so another one may have the job.',
        0,
      );
    case 'overtime':
      return fail(
        new JobFailure(
          `The job took longer than the ${totalTimeout} seconds of its policy's total_timeout and was stopped.`,
        ),
      );
    case undefined:
      return isShuttingDown
        ? releaseForRetry('The executor was stopped; another one goes on with the job.', 0)
        : undefined;
  }
};

/**
 * What follows from an attempt that did not succeed. Only a failed connection is worth another try, and only a limited number of
 * times; a wrong passphrase, a full disk, a refused or a changed key would not get better, and neither would a borg whose output
 * cannot be read. Trouble of the control plane itself says nothing about the job; it is known by its class, which only our own
 * adapters throw. Whatever is not on one of these lists ends the job. See docs/decisions/0024-what-a-host-says-is-not-believed.md.
 */
export const classifyFailure = (ended: FailedAttempt): FailureAction => {
  const { error, attempt, transportFailures } = ended;
  const byStop = afterStop(ended);
  if (byStop) return byStop;
  const failure = asJobFailure(error);
  if (failure) return failure.facts.transport ? afterTransport(failure, ended) : fail(failure);
  if (isInfrastructureError(error)) {
    if (isLastAttempt(ended)) {
      const reason = `Given up after ${attempt} attempts, the last because a part of CyBorgBackup did not answer: ${messageOf(error)}`;
      return fail(new JobFailure(reason, { status: 'error' }));
    }
    return releaseForRetry(messageOf(error), backOff(INFRASTRUCTURE_MILLIS, attempt - 1 - transportFailures));
  }
  return fail(new JobFailure(messageOf(error), { status: 'error' }));
};
