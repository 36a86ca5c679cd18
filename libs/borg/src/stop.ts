import { untilAborted } from '@cyborgbackup/kernel';
import type { ChunkSink } from './stream-io.ts';

/** TERM, then up to 4 s until KILL, then some for the network. */
const STOP_GRACE_MILLIS = 10_000;

export type StopReason = 'aborted' | 'idle' | 'failed';

export interface Stop {
  /** Lets go of the leash; if the script has not ended ten seconds later, `cut` tells to close the channel. Only once. */
  readonly stop: (why: StopReason) => void;
  readonly why: () => StopReason | undefined;
  readonly released: AbortSignal;
  readonly cut: AbortSignal;
  /** Ends the input and all timers. */
  readonly dispose: () => void;
}

/** How a script is ended: first gently, by its leash, then by closing its channel. */
export const createStop = (): Stop => {
  const [released, cut] = [new AbortController(), new AbortController()];
  let reason: StopReason | undefined;
  let timer: NodeJS.Timeout | undefined;
  return {
    stop: (why) => {
      if (reason) return;
      reason = why;
      released.abort();
      timer = setTimeout(() => cut.abort(), STOP_GRACE_MILLIS);
    },
    why: () => reason,
    released: released.signal,
    cut: cut.signal,
    dispose: () => {
      released.abort();
      clearTimeout(timer);
    },
  };
};

/** Calls `expire` after a silence, during which no sink was busy. */
export const createWatch = (
  millis: number | undefined,
  isBusy: () => boolean,
  expire: () => void,
): { touch: () => void; stop: () => void } => {
  if (millis === undefined) return { touch: () => undefined, stop: () => undefined };
  const timer = setTimeout(() => (isBusy() ? timer.refresh() : expire()), millis);
  return { touch: () => void timer.refresh(), stop: () => clearTimeout(timer) };
};

export interface GuardedSinks {
  readonly guard: (sink: ChunkSink | undefined, chunk: Buffer) => void | Promise<void>;
  readonly isBusy: () => boolean;
  readonly failure: () => unknown;
}

/** Sinks that get nothing more and hold nothing back once the script was stopped, and whose errors stop it. */
export const guardSinks = ({ stop, why, released }: Stop): GuardedSinks => {
  let busy = 0;
  let failure: unknown;
  const fail = (error: unknown): void => {
    failure ??= error;
    stop('failed');
  };
  return {
    guard: (sink, chunk) => {
      if (why() || !sink) return undefined;
      try {
        const taken = sink(chunk);
        if (!taken) return undefined;
        busy += 1;
        const settled = taken.catch(fail).then(() => {
          busy -= 1;
        });
        return untilAborted(settled, released);
      } catch (error) {
        return fail(error);
      }
    },
    isBusy: () => busy > 0,
    failure: () => failure,
  };
};
