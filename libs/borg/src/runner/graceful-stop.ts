import type { ChunkSink } from '../ssh/stream-io.ts';

/** TERM, then up to 4 s until KILL, then some for the network. */
const STOP_GRACE_MILLIS = 10_000;

export type StopReason = 'aborted' | 'idle' | 'failed';

export interface GracefulStop {
  /** Lets go of the leash; if the script has not ended ten seconds later, `cut` tells to close the channel. Only once. */
  readonly stop: (why: StopReason) => void;
  readonly why: () => StopReason | undefined;
  readonly released: AbortSignal;
  readonly cut: AbortSignal;
  /** Ends the input and all timers. */
  readonly dispose: () => void;
}

/** How a script is ended: first gently, by its leash, then by closing its channel. */
export const createGracefulStop = (): GracefulStop => {
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
export const createIdleTimeout = (
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

/** Resolves with the work, or as soon as the signal aborts. */
const unlessReleased = (work: Promise<void>, released: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      released.removeEventListener('abort', done);
      resolve();
    };
    if (released.aborted) return resolve();
    released.addEventListener('abort', done);
    void work.then(done);
  });

/** Sinks that get nothing more and hold nothing back once the script was stopped, and whose errors stop it. */
export const guardSinks = ({ stop, why, released }: GracefulStop): GuardedSinks => {
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
        return unlessReleased(settled, released);
      } catch (error) {
        return fail(error);
      }
    },
    isBusy: () => busy > 0,
    failure: () => failure,
  };
};
