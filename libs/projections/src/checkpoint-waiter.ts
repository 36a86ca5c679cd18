import { delay } from '@cyborgbackup/kernel';
import type { Pool } from 'pg';
import { onCheckpointNews } from './checkpoint-news.ts';
import { readPositions } from './checkpoint.ts';

export interface CheckpointWaiterOptions {
  readonly pool: Pool;
  /** Time between two looks at the checkpoints while somebody waits; 5 unless told. */
  readonly pollMillis?: number;
}

export interface WaitOptions {
  /** 5,000 unless told. */
  readonly timeoutMillis?: number;
}

/** Waits for projections, so that who has written reads what was written. */
export interface CheckpointWaiter {
  /** True as soon as every named projection has passed the position, false when the time is over first. */
  waitFor(projections: readonly string[], position: bigint, options?: WaitOptions): Promise<boolean>;
}

interface Waiting {
  readonly names: readonly string[];
  readonly position: bigint;
  readonly resolve: (reached: boolean) => void;
}

const isReached = ({ names, position }: Waiting, positions: ReadonlyMap<string, bigint>): boolean =>
  names.every((name) => (positions.get(name) ?? -1n) >= position);

/**
 * One query at a time serves everybody who waits; nothing is asked while nobody does. Between two queries it sleeps
 * `pollMillis`, unless woken: by somebody new, or by news from this process of a position that somebody waits for.
 */
export const createCheckpointWaiter = ({ pool, pollMillis = 5 }: CheckpointWaiterOptions): CheckpointWaiter => {
  const waiting = new Set<Waiting>();
  let awake = new AbortController();
  let looking = false;

  const look = async (): Promise<void> => {
    // a database that cannot be asked has not reached anything; the waiters' deadlines bound this
    const positions = await readPositions(pool).catch(() => new Map<string, bigint>());
    for (const one of waiting) if (isReached(one, positions)) one.resolve(true);
  };

  const keepLooking = async (): Promise<void> => {
    const stopListening = onCheckpointNews((name, position) => {
      for (const one of waiting) if (one.names.includes(name) && one.position <= position) awake.abort();
    });
    while (waiting.size > 0) {
      awake = new AbortController();
      await look();
      if (waiting.size > 0) await delay(pollMillis, awake.signal);
    }
    stopListening();
    looking = false;
  };

  const start = (): void => {
    awake.abort();
    if (looking) return;
    looking = true;
    void keepLooking();
  };

  return {
    waitFor: (names, position, { timeoutMillis = 5_000 } = {}) =>
      new Promise((resolve) => {
        const finish = (reached: boolean): void => {
          clearTimeout(timer);
          waiting.delete(one);
          resolve(reached);
        };
        const one: Waiting = { names, position, resolve: finish };
        const timer = setTimeout(finish, timeoutMillis, false);
        waiting.add(one);
        start();
      }),
  };
};
