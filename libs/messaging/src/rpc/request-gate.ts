import { AppError, delay } from '@cyborgbackup/kernel';

export interface RequestGate {
  /**
   * Runs the work as soon as there is room.
   * @throws AppError `unavailable` when too many wait already, `deadline` when `expiresAt` passed while waiting
   */
  run<T>(work: () => Promise<T>, expiresAt: number): Promise<T>;
  /** Requests running and waiting. */
  count(): number;
  /** True once nothing runs or waits, false after `millis`. */
  idle(millis: number): Promise<boolean>;
}

/**
 * NATS has no back-pressure: a service gets messages as fast as they are sent. The gate bounds how many are handled
 * at once and how many wait, so that a burst costs an honest refusal and not the process.
 */
export const createRequestGate = (limits: {
  /** Handlers running at once. */
  readonly running: number;
  /** Requests waiting for a handler to end; a further one is refused. */
  readonly waiting: number;
}): RequestGate => {
  const waiting: (() => void)[] = [];
  const whenIdle = new Set<() => void>();
  let running = 0;

  const enter = (): Promise<void> | undefined => {
    if (running < limits.running) {
      running += 1;
      return undefined;
    }
    if (waiting.length < limits.waiting) return new Promise((resolve) => waiting.push(resolve));
    const load = `${running} requests are running and ${waiting.length} wait`;
    throw new AppError('unavailable', `The service is overloaded (${load}); try again in a moment.`);
  };

  /** A free handler goes straight to the longest-waiting request, so that no newer one overtakes it. */
  const leave = (): void => {
    const next = waiting.shift();
    if (next) return next();
    running -= 1;
    if (running === 0) for (const notify of whenIdle) notify();
  };

  const run = async <T>(work: () => Promise<T>, expiresAt: number): Promise<T> => {
    await enter();
    try {
      if (Date.now() >= expiresAt) throw new AppError('deadline', 'The request waited longer than its sender does.');
      return await work();
    } finally {
      leave();
    }
  };

  const idle = async (millis: number): Promise<boolean> => {
    if (running === 0) return true;
    const done = new AbortController();
    const notify = (): void => done.abort();
    whenIdle.add(notify);
    await delay(millis, done.signal);
    whenIdle.delete(notify);
    return done.signal.aborted;
  };

  return { run, count: () => running + waiting.length, idle };
};
