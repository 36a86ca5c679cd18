import { InfrastructureError } from '@cyborgbackup/kernel';
import type { AppendItem, AppendOutcome } from './append-batch.ts';

const MAX_BATCH_ITEMS = 256;
const MAX_BATCH_SIZE = 4 * 1024 * 1024;
const MAX_QUEUE_ITEMS = 4_096;
const MAX_QUEUE_SIZE = 32 * 1024 * 1024;
const MAX_WAIT_MILLIS = 5_000;

export interface QueuedAppend {
  readonly item: AppendItem;
  readonly resolve: (outcome: AppendOutcome) => void;
  readonly reject: (error: unknown) => void;
}

/** Appends that wait for their batch: at most 4,096 of them, or 32 Mi characters. */
export interface AppendQueue {
  size(): number;

  /**
   * Resolves when the append is in the queue; while that is full, it waits.
   * @throws AppError `unavailable` after 5 seconds
   */
  add(append: QueuedAppend): Promise<void>;

  /** The oldest appends, as many as travel in one statement. */
  takeBatch(): readonly QueuedAppend[];
}

export const createAppendQueue = (): AppendQueue => {
  let queue: QueuedAppend[] = [];
  let characters = 0;
  const waiters = new Set<() => void>();

  const isFull = (): boolean => queue.length >= MAX_QUEUE_ITEMS || characters >= MAX_QUEUE_SIZE;

  /** Those who wait longest; each has to look for itself whether there still is room. */
  const wakeWaiters = (): void => {
    for (const wake of [...waiters].slice(0, MAX_QUEUE_ITEMS - queue.length)) wake();
  };

  return {
    size: () => queue.length,
    add: async (append) => {
      const deadline = Date.now() + MAX_WAIT_MILLIS;
      while (isFull()) await nextWake(waiters, deadline);
      queue.push(append);
      characters += append.item.size;
    },
    takeBatch: () => {
      const count = batchLength(queue);
      const batch = queue.slice(0, count);
      queue = queue.slice(count);
      characters -= batch.reduce((sum, { item }) => sum + item.size, 0);
      wakeWaiters();
      return batch;
    },
  };
};

/** Resolves when woken. */
const nextWake = (waiters: Set<() => void>, deadline: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const wake = (): void => {
      clearTimeout(timer);
      waiters.delete(wake);
      resolve();
    };
    const timer = setTimeout(() => {
      waiters.delete(wake);
      reject(
        new InfrastructureError(
          'unavailable',
          'The event store is overloaded: nothing was written; try again in a moment.',
        ),
      );
    }, deadline - Date.now());
    waiters.add(wake);
  });

/** As many as fit, at least one. The same event twice ends the batch: the append function could not see it is a retry. */
const batchLength = (queue: readonly QueuedAppend[]): number => {
  const ids = new Set<string>();
  let characters = 0;
  for (const [index, { item }] of queue.entries()) {
    const [id = ''] = item.ids;
    characters += item.size;
    if (index > 0 && (index >= MAX_BATCH_ITEMS || characters > MAX_BATCH_SIZE || ids.has(id))) return index;
    ids.add(id);
  }
  return queue.length;
};
