import { jobEvolver, jobStream, type JobState } from '@cyborgbackup/contracts';
import { loadState } from '@cyborgbackup/event-store';
import { delay, isInfrastructureError, messageOf, untilAborted } from '@cyborgbackup/kernel';
import type { KeylessDeps } from '@cyborgbackup/service';
import { JobStopped, type StopReason } from '../job/job-failure.ts';
import { TAKEOVER_TIMING } from './timing.ts';

/** After so long without an answer of the log, NATS is asked, too. */
const LATE_MILLIS = 4_000;
const RETRY_MILLIS = 500;

export interface WatchOptions {
  readonly attempt: number;
  /** Ends the watch. */
  readonly signal: AbortSignal;
  /** Resolves when the stream should be read before the next round. */
  readonly wake: () => Promise<void>;
  readonly stop: (reason: StopReason) => void;
}

export interface Watch {
  /**
   * Resolves when the job's stream, read after the call, says that the job runs and belongs to this attempt. It waits while the
   * stream cannot be read. To be awaited before each step: an executor that was paused or cut off may have lost its job without
   * noticing.
   * @throws JobStopped when the job belongs to another attempt, or might, or when the signal aborts first
   */
  assertOwnership(signal: AbortSignal): Promise<void>;
  /** Resolves when the watch has ended. */
  readonly over: Promise<void>;
}

const reasonToStop = ({ status, attempt, cancelRequested }: JobState, own: number): StopReason | undefined => {
  if (status !== 'running' || attempt !== own) return 'taken-over';
  return cancelRequested ? 'canceled' : undefined;
};

/**
 * Watches the job of a running attempt until the signal fires:
 *
 *   - its stream is read every two seconds: a cancel request, or another attempt, stops this one;
 *   - while the stream cannot be read, an answer of NATS is enough. No executor takes a job over without having asked all
 *     executors over NATS (see job-holders.ts), and this one answers. So while PostgreSQL restarts, fails over or is away for
 *     half a night, borg goes on and no hours of its work are lost. Only the next step waits, until the log can confirm that
 *     the job still belongs to this attempt;
 *   - without either, the attempt is stopped after ten seconds, as another executor may have the job by then. The clock counts
 *     ticks of this process instead of reading the time, so that a process which was paused looks at the log before it stops.
 *
 * The tests in watch-job.int.test.ts cut PostgreSQL and NATS off and hold all three. The numbers are explained in timing.ts.
 */
export const watchJob = (deps: KeylessDeps, job: string, options: WatchOptions): Watch => {
  const { attempt, signal, wake, stop } = options;
  const lost = new AbortController();
  let now = 0;
  let lastAnswer = 0;

  const stopFor = (reason: StopReason): void => {
    stop(reason);
    if (reason !== 'canceled') lost.abort();
  };

  const read = async (): Promise<void> => {
    const askedAt = now;
    const { state } = await loadState(deps, jobEvolver, jobStream(job));
    lastAnswer = Math.max(lastAnswer, askedAt);
    const reason = reasonToStop(state, attempt);
    if (reason) stopFor(reason);
  };
  const report = (error: unknown): void =>
    deps.logger.warn({ job, reason: messageOf(error) }, 'the job could not be looked at');

  const askNats = async (): Promise<void> => {
    const askedAt = now;
    await deps.connection.nats.flush().then(
      () => (lastAnswer = Math.max(lastAnswer, askedAt)),
      () => undefined,
    );
  };

  const clock = setInterval(() => {
    now += TAKEOVER_TIMING.tickMillis;
    if (now - lastAnswer > TAKEOVER_TIMING.blindMillis) stopFor('cut-off');
    else if (now - lastAnswer >= LATE_MILLIS) void askNats();
  }, TAKEOVER_TIMING.tickMillis);

  const watch = async (): Promise<void> => {
    while (!signal.aborted) {
      await untilAborted(read(), signal).catch(report);
      const woken = new AbortController();
      await Promise.race([delay(TAKEOVER_TIMING.watchMillis, AbortSignal.any([signal, woken.signal])), wake()]);
      woken.abort();
    }
    clearInterval(clock);
  };

  const assertOwnership = async (until: AbortSignal): Promise<void> => {
    const giveUp = AbortSignal.any([until, lost.signal]);
    while (!giveUp.aborted) {
      try {
        await untilAborted(read(), giveUp);
        if (!giveUp.aborted) return;
      } catch (error) {
        if (!isInfrastructureError(error)) throw error;
        report(error);
        await delay(RETRY_MILLIS, giveUp);
      }
    }
    throw new JobStopped();
  };

  return { assertOwnership, over: watch() };
};
