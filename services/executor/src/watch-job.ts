import { jobStream, jobEvolver, type JobState } from '@cyborgbackup/contracts';
import { loadState } from '@cyborgbackup/event-store';
import { delay, messageOf, untilAborted } from '@cyborgbackup/kernel';
import type { ServiceParts } from '@cyborgbackup/service';
import { JobStopped } from './job/job-failure.ts';
import { isOurTrouble } from './job/our-trouble.ts';
import type { StopReason } from './job/stop-reason.ts';

/** How often a running job's stream is looked at. Cancel signals usually come first; this is the truth behind them. */
export const WATCH_MILLIS = 2_000;

/**
 * How long an attempt goes on when neither PostgreSQL nor NATS can be reached. Longer than a restart of both takes; how it
 * fits the times of a takeover is told beside FENCE_MILLIS.
 */
const BLIND_SECONDS = 10;

/** From then on NATS is asked, too. */
const LATE_SECONDS = 4;

const AGAIN_MILLIS = 500;

export interface Watch {
  /**
   * Resolves when the job's stream, read from now on, says that the job runs and that this attempt has it. While the stream
   * cannot be read nothing is proven, and it waits. To be awaited before each step: an executor that was paused or cut off
   * may have lost its job without having heard of it.
   * @throws JobStopped when the job is not ours any more, or might not be, or when the signal aborts first
   */
  prove(signal: AbortSignal): Promise<void>;
  /** Resolves when the watch has ended. */
  readonly over: Promise<void>;
}

const reasonToStop = ({ status, attempt, cancelRequested }: JobState, ours: number): StopReason | undefined => {
  if (status !== 'running' || attempt !== ours) return 'taken-over';
  return cancelRequested ? 'canceled' : undefined;
};

/**
 * Watches the job of a running attempt until the signal fires:
 *
 *   - its stream is read every two seconds: a cancel request, or another attempt, stops this one;
 *   - while the stream cannot be read, a sign of life from NATS will do. Nobody takes a job over without having asked all
 *     executors over NATS (see job-holders.ts), and this one answers. So when PostgreSQL restarts, fails over or is away for
 *     half a night, no borg is ended and no hours of its work are thrown away: nobody could have taken the job over then.
 *     Only the next step waits, until it can be proven that the job is ours;
 *   - without either the attempt is stopped after ten seconds, by a clock that waits for no answer: somebody else may have the
 *     job. The seconds are those of this process, so that one which was paused looks before it gives up.
 *
 * @param look resolves when it is worth looking before the next round
 */
export const watchJob = (
  parts: ServiceParts,
  job: string,
  options: { attempt: number; signal: AbortSignal; look: () => Promise<void>; stop: (reason: StopReason) => void },
): Watch => {
  const { attempt, signal, look, stop } = options;
  const gone = new AbortController();
  let seconds = 0;
  let known = 0;

  const stopFor = (reason: StopReason): void => {
    stop(reason);
    if (reason !== 'canceled') gone.abort();
  };

  const read = async (): Promise<void> => {
    const asked = seconds;
    const { state } = await loadState(parts, jobEvolver, jobStream(job));
    known = Math.max(known, asked);
    const reason = reasonToStop(state, attempt);
    if (reason) stopFor(reason);
  };
  const report = (error: unknown): void =>
    parts.logger.warn({ job, reason: messageOf(error) }, 'the job could not be looked at');

  /** Without an answer time goes on. */
  const reachNats = async (): Promise<void> => {
    const asked = seconds;
    await parts.connection.nats.flush().then(
      () => (known = Math.max(known, asked)),
      () => undefined,
    );
  };

  const clock = setInterval(() => {
    seconds += 1;
    if (seconds - known > BLIND_SECONDS) stopFor('cut-off');
    else if (seconds - known >= LATE_SECONDS) void reachNats();
  }, 1_000);

  const watch = async (): Promise<void> => {
    while (!signal.aborted) {
      await untilAborted(read(), signal).catch(report);
      const woken = new AbortController();
      await Promise.race([delay(WATCH_MILLIS, AbortSignal.any([signal, woken.signal])), look()]);
      woken.abort();
    }
    clearInterval(clock);
  };

  const prove = async (until: AbortSignal): Promise<void> => {
    const inVain = AbortSignal.any([until, gone.signal]);
    while (!inVain.aborted) {
      try {
        await untilAborted(read(), inVain);
        if (!inVain.aborted) return;
      } catch (error) {
        if (!isOurTrouble(error)) throw error;
        report(error);
        await delay(AGAIN_MILLIS, inVain);
      }
    }
    throw new JobStopped('The job was stopped.');
  };

  return { prove, over: watch() };
};
