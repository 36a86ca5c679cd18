/** Injectable time, so that tests decide what the clock says. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };

/**
 * Now with microseconds. `Date` has milliseconds only; `performance.timeOrigin + now()` has more, but drifts from the
 * wall clock when that is set, so the millisecond part always comes from the clock.
 */
export const isoMicros = (millis: number = Date.now()): string => {
  const micros = Math.floor((performance.now() % 1) * 1000);
  return `${new Date(millis).toISOString().slice(0, -1)}${String(micros).padStart(3, '0')}Z`;
};

/** Resolves after `millis`, or as soon as the signal aborts (it never rejects). */
export const delay = (millis: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, millis);
    signal?.addEventListener('abort', done, { once: true });
  });

/** True when the promise settled, well or badly, within `millis`. It never rejects, and leaves no timer behind. */
export const settledWithin = async (promise: Promise<unknown>, millis: number): Promise<boolean> => {
  const settled = new AbortController();
  const done = promise.then(
    () => true,
    () => true,
  );
  try {
    return await Promise.race([done, delay(millis, settled.signal).then(() => false)]);
  } finally {
    settled.abort();
  }
};

/** Settles as the work does, or resolves as soon as the signal aborts. */
export const untilAborted = (work: Promise<unknown>, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const done = (): void => resolve();
    if (signal.aborted) done();
    else signal.addEventListener('abort', done, { once: true });
    work.then(done, reject).finally(() => signal.removeEventListener('abort', done));
  });

/**
 * Does several things at the same time until one of them ends or fails; the others are stopped then, and waited for.
 * @throws what the first of them in the list threw
 */
export const untilOneEnds = async (
  signal: AbortSignal,
  start: (stopped: AbortSignal) => readonly Promise<void>[],
): Promise<void> => {
  const stopping = new AbortController();
  const activities = start(AbortSignal.any([signal, stopping.signal]));
  const results = await Promise.allSettled(activities.map((activity) => activity.finally(() => stopping.abort())));
  for (const result of results) if (result.status === 'rejected') throw result.reason;
};
