import { BorgOutputError, isSshError, type SshErrorKind } from '@cyborgbackup/borg';
import { messageOf } from '@cyborgbackup/kernel';
import type { FailureFacts } from './job-result.ts';

/** The job itself went wrong, for a reason that trying the same again at once would not cure. */
export class JobFailure extends Error {
  override readonly name = 'JobFailure';
  readonly facts: FailureFacts;

  /** @param reason one sentence for people: what is wrong and what to do */
  constructor(reason: string, facts: FailureFacts = {}) {
    super(reason);
    this.facts = facts;
  }
}

/**
 * Why a running attempt has to stop: a user canceled the job, another executor has it, neither the log nor NATS can tell whether
 * another one has it, or it took too long. Without any of these the executor itself stops, and another one continues the job.
 */
export type StopReason = 'canceled' | 'taken-over' | 'cut-off' | 'overtime';

/** The attempt was stopped by its executor; the reason of an aborted signal, too. */
export class JobStopped extends Error {
  override readonly name = 'JobStopped';
  readonly reason: StopReason | undefined;

  constructor(reason?: StopReason) {
    super('The job was stopped.');
    this.reason = reason;
  }
}

/** Why an attempt's signal was aborted; undefined while it is not, and when the executor itself stops. */
export const stopReasonOf = ({ reason }: AbortSignal): StopReason | undefined =>
  reason instanceof JobStopped ? reason.reason : undefined;

/** Another attempt follows this one, on this executor or another. */
export const isHandedOver = (signal: AbortSignal): boolean =>
  signal.aborted && !['canceled', 'overtime'].includes(stopReasonOf(signal) ?? '');

/** Failures that another try may not meet; a refused key, a changed host key or a missing shell does not go away by itself. */
const TRANSPORT = new Set<SshErrorKind>([
  ...(['unknown-host', 'refused', 'unreachable', 'timeout', 'protocol'] as const),
  ...(['lost', 'unheard'] as const),
]);

/** The failure to record for an error of a step; undefined for any other error than those of jobs, hosts and connections. */
export const asJobFailure = (error: unknown): JobFailure | undefined => {
  if (error instanceof JobFailure) return error;
  if (isSshError(error)) return new JobFailure(messageOf(error), { transport: TRANSPORT.has(error.kind) });
  if (error instanceof BorgOutputError) return new JobFailure(error.message);
  return undefined;
};
