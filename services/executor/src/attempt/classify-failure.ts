import { messageOf } from '@cyborgbackup/kernel';
import { asJobFailure, JobFailure } from '../job/job-failure.ts';
import { isInfrastructureError } from '../job/infrastructure-error.ts';
import type { StopReason } from '../job/stop-reason.ts';

/** How an attempt ended that did not succeed, and what was before it. */
export interface FailedAttempt {
  readonly error: unknown;
  readonly stop: StopReason | undefined;
  /** This executor has to stop. */
  readonly isWinding: boolean;
  /** From 1. */
  readonly attempt: number;
  /** Attempts before this one that a broken connection ended. */
  readonly transportFailures: number;
  /** How often the policy lets a job be tried for the sake of its connections. */
  readonly maxAttempts: number;
  /** Seconds; null = no limit. */
  readonly totalTimeout: number | null;
}

export type Verdict =
  | { readonly do: 'cancel' }
  /** The job goes on with another attempt, after this many milliseconds. */
  | { readonly do: 'lose'; readonly reason: string; readonly transport: boolean; readonly retryMillis: number }
  | { readonly do: 'fail'; readonly failure: JobFailure };

/** Grows by three, up to ten minutes. */
const pause = (firstMillis: number, times: number): number => Math.min(600_000, firstMillis * 3 ** times);

const TRANSPORT_MILLIS = 10_000;
const OUR_TROUBLE_MILLIS = 5_000;

const lose = (reason: string, retryMillis: number, transport = false): Verdict => ({
  do: 'lose',
  reason,
  transport,
  retryMillis,
});

const afterTransport = (failure: JobFailure, { transportFailures, maxAttempts }: FailedAttempt): Verdict => {
  const tries = transportFailures + 1;
  if (tries < maxAttempts) return lose(failure.message, pause(TRANSPORT_MILLIS, transportFailures), true);
  if (tries === 1) return { do: 'fail', failure };
  return { do: 'fail', failure: new JobFailure(`${failure.message} It was tried ${tries} times.`, failure.facts) };
};

const stopped = (ended: FailedAttempt): Verdict | undefined => {
  switch (ended.stop) {
    case 'canceled':
      return { do: 'cancel' };
    case 'taken-over':
      return lose('Another executor has the job now.', 0);
    case 'cut-off':
      return lose('The executor could reach neither the database nor NATS, so another one may have the job.', 0);
    case 'overtime': {
      const reason = `The job took longer than the ${ended.totalTimeout} seconds of its policy's total_timeout and was stopped.`;
      return { do: 'fail', failure: new JobFailure(reason) };
    }
    case undefined:
      return ended.isWinding ? lose('The executor was stopped; another one goes on with the job.', 0) : undefined;
  }
};

/**
 * What follows from an attempt that did not succeed. Only a failed connection is worth the same again, and only so often;
 * a wrong passphrase, a full disk, a refused or a changed key would not get better. Trouble of our own parts is nothing that
 * the job can be blamed for.
 */
export const classifyFailure = (ended: FailedAttempt): Verdict => {
  const { error, attempt, transportFailures } = ended;
  const byStop = stopped(ended);
  if (byStop) return byStop;
  const failure = asJobFailure(error);
  if (failure) return failure.facts.transport ? afterTransport(failure, ended) : { do: 'fail', failure };
  if (isInfrastructureError(error)) {
    return lose(messageOf(error), pause(OUR_TROUBLE_MILLIS, attempt - 1 - transportFailures));
  }
  return { do: 'fail', failure: new JobFailure(messageOf(error), { status: 'error' }) };
};
