import { delay } from '@cyborgbackup/kernel';

export interface RetryLoop {
  /** There may be something to do. */
  wake(): void;
  /** Works until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
}

export interface RetryLoopOptions<Item> {
  /** What is to be done now: an item that failed is among it until it has succeeded. */
  readonly pending: () => Iterable<Item>;
  readonly work: (item: Item) => Promise<void>;
  readonly onError: (item: Item, error: unknown) => void;
  /** The pause after an error. */
  readonly retryMillis: number;
}

/** It looks again after so long although `wake` was not called. */
const LONGEST_WAIT_MILLIS = 60_000;

/** Works on one item after the other; an item that fails comes again once the others were tried. */
export const createRetryLoop = <Item>({ pending, work, onError, retryMillis }: RetryLoopOptions<Item>): RetryLoop => {
  let wakeUp = new AbortController();

  const workOn = async (item: Item, signal: AbortSignal): Promise<void> => {
    try {
      await work(item);
    } catch (error) {
      onError(item, error);
      await delay(retryMillis, signal);
    }
  };

  return {
    wake: () => wakeUp.abort(),
    run: async (signal) => {
      while (!signal.aborted) {
        wakeUp = new AbortController();
        const items = [...pending()];
        for (const item of items) if (!signal.aborted) await workOn(item, signal);
        if (items.length === 0) await delay(LONGEST_WAIT_MILLIS, AbortSignal.any([wakeUp.signal, signal]));
      }
    },
  };
};
