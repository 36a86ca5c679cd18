import { untilAborted } from '@cyborgbackup/kernel';
import type { ChunkSink } from '../ssh/command-io.ts';

/** What a stopped command has to end by itself: supervise.sh waits so long before KILL, which supervisor.int.test.ts holds. */
export const TERM_TO_KILL_MILLIS = 4_000;
/** With some time for the network. */
const STOP_GRACE_MILLIS = TERM_TO_KILL_MILLIS + 6_000;

export type StopReason = 'aborted' | 'idle' | 'failed';

/** How a script is ended: first by closing its input, which its supervisor obeys, then by closing its channel. */
export interface GracefulStop extends Disposable {
  /** Aborts `inputClosed`, and `channelClosed` ten seconds later unless disposed of by then. Only the first call counts. */
  readonly stop: (reason: StopReason) => void;
  readonly reason: () => StopReason | undefined;
  readonly inputClosed: AbortSignal;
  readonly channelClosed: AbortSignal;
  /** Hands a chunk to a sink, and waits for it until the stop. After the stop chunks are dropped. An error of a sink stops. */
  readonly pass: (sink: ChunkSink | undefined, chunk: Buffer) => void | Promise<void>;
  /** True while a sink holds the script back. */
  readonly isBusy: () => boolean;
  /** The first error of a sink. */
  readonly failure: () => unknown;
}

export const createGracefulStop = (): GracefulStop => {
  const [input, channel] = [new AbortController(), new AbortController()];
  let reason: StopReason | undefined;
  let timer: NodeJS.Timeout | undefined;
  let busy = 0;
  let failure: unknown;
  const stop = (why: StopReason): void => {
    if (reason) return;
    reason = why;
    input.abort();
    timer = setTimeout(() => channel.abort(), STOP_GRACE_MILLIS);
  };
  const fail = (error: unknown): void => {
    failure ??= error;
    stop('failed');
  };
  return {
    stop,
    reason: () => reason,
    inputClosed: input.signal,
    channelClosed: channel.signal,
    pass: (sink, chunk) => {
      if (reason || !sink) return undefined;
      try {
        const taken = sink(chunk);
        if (!taken) return undefined;
        busy += 1;
        const done = taken.catch(fail).finally(() => (busy -= 1));
        return untilAborted(done, input.signal);
      } catch (error) {
        return fail(error);
      }
    },
    isBusy: () => busy > 0,
    failure: () => failure,
    [Symbol.dispose]: () => {
      input.abort();
      clearTimeout(timer);
    },
  };
};

/** Calls `expire` after a silence, during which no sink was busy. Never without a number of milliseconds. */
export const createIdleTimeout = (
  millis: number | undefined,
  isBusy: () => boolean,
  expire: () => void,
): Disposable & { touch: () => void } => {
  const timer = millis === undefined ? undefined : setTimeout(() => (isBusy() ? timer?.refresh() : expire()), millis);
  return { touch: () => void timer?.refresh(), [Symbol.dispose]: () => clearTimeout(timer) };
};
