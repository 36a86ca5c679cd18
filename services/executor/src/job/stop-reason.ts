/**
 * Why a running attempt has to stop: somebody canceled the job, another executor has it, nobody can be asked whether another
 * one has it, or it took too long. Without any of these it is the executor itself that stops, and another one goes on with
 * the job.
 */
export type StopReason = 'canceled' | 'taken-over' | 'cut-off' | 'overtime';

const REASONS: readonly unknown[] = ['canceled', 'taken-over', 'cut-off', 'overtime'] satisfies readonly StopReason[];

const isStopReason = (reason: unknown): reason is StopReason => REASONS.includes(reason);

/** The reason that an attempt's signal was aborted with, if any. */
export const stopReasonOf = ({ reason }: AbortSignal): StopReason | undefined => {
  const given: unknown = reason;
  return isStopReason(given) ? given : undefined;
};

/** Another attempt will follow this one, by whatever executor. */
export const isHandedOver = (signal: AbortSignal): boolean =>
  signal.aborted && !['canceled', 'overtime'].includes(stopReasonOf(signal) ?? '');
