import { delay } from '@cyborgbackup/kernel';

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
