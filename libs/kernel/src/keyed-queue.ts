import { settledWithin } from './time.ts';

/** Runs works of the same key one after the other, in the order of the calls; works of different keys at the same time. */
export type KeyedQueue = <T>(
  key: string,
  work: () => Promise<T>,
  limit?: { readonly waitMillis: number; readonly timedOut: () => Error },
) => Promise<T>;

/** A queue within this process. With a limit, a work whose turn does not come in time is not run, and its caller gets the error. */
export const createKeyedQueue = (): KeyedQueue => {
  const tails = new Map<string, Promise<void>>();
  return async (key, work, limit) => {
    const before = tails.get(key) ?? Promise.resolve();
    const done = Promise.withResolvers<void>();
    // A caller that gives up waiting does not let those behind it overtake the one at work.
    const tail = before.then(() => done.promise);
    tails.set(key, tail);
    try {
      if (limit && !(await settledWithin(before, limit.waitMillis))) throw limit.timedOut();
      await before;
      return await work();
    } finally {
      done.resolve();
      void tail.then(() => {
        if (tails.get(key) === tail) tails.delete(key);
      });
    }
  };
};
