import { jobStream, isJobOver, jobEvolver, type JobState } from '@cyborgbackup/contracts';
import { loadState } from '@cyborgbackup/event-store';
import { delay, messageOf } from '@cyborgbackup/kernel';
import type { ServiceParts } from '@cyborgbackup/service';
import type { StopReason } from './job/stop-reason.ts';

/** How often a running job's stream is looked at. Cancel signals usually come first; this is the truth behind them. */
export const WATCH_MILLIS = 2_000;

const reasonToStop = (state: JobState, attempt: number): StopReason | undefined => {
  if (isJobOver(state) || state.attempt !== attempt) return 'taken-over';
  return state.cancelRequested ? 'canceled' : undefined;
};

/**
 * Watches the job of a running attempt until the signal fires.
 * @param look resolves when it is worth looking before the next round
 */
export const watchJob = async (
  parts: ServiceParts,
  job: string,
  options: { attempt: number; signal: AbortSignal; look: () => Promise<void>; stop: (reason: StopReason) => void },
): Promise<void> => {
  const { attempt, signal, look, stop } = options;
  while (!signal.aborted) {
    try {
      const { state } = await loadState(parts, jobEvolver, jobStream(job));
      const reason = reasonToStop(state, attempt);
      if (reason) return stop(reason);
    } catch (error) {
      parts.logger.warn({ job, reason: messageOf(error) }, 'the job could not be looked at');
    }
    const woken = new AbortController();
    await Promise.race([delay(WATCH_MILLIS, AbortSignal.any([signal, woken.signal])), look()]);
    woken.abort();
  }
};
