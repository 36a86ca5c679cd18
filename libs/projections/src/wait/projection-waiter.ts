import type { EventStore } from '@cyborgbackup/event-store';
import { InfrastructureError, delay } from '@cyborgbackup/kernel';
import type { Pool } from 'pg';
import { listenForCheckpoints, readPositions } from '../lease/checkpoint.ts';

/** How long callers wait for read models, by what they wait for. */
export const WAIT_MILLIS = {
  /** A stream of a job's output: a projection that is behind must not silence it, it then sends what is there. */
  stream: 2_000,
  /** Handling a command: below the five seconds that callers wait for its answer. */
  command: 2_500,
  /** A request that has written, and answers with what it wrote; after that it says that it will be there. */
  request: 5_000,
  /** Starting jobs: after a start of thousands of clients the tables take some seconds. */
  launch: 10_000,
  /** A running job: the executor's tables also hold all output, so after an outage they may be behind for a while. */
  job: 30_000,
  /** Listing an archive: a large one that was listed just before may still be on its way into the tables. */
  listing: 100_000,
} as const;

/** A position of the log; `head` is the log's end as of the call. */
export type WaitTarget = bigint | 'head';

/** Waits for projections, so that a caller that has written reads what was written. */
export interface ProjectionWaiter {
  /**
   * Resolves as soon as every named projection holds all events up to the target.
   * @throws AppError `unavailable` when they do not in time
   */
  waitForProjections(projections: readonly string[], until: WaitTarget, timeoutMillis: number): Promise<void>;
  /** As `waitForProjections`, but answers false when they do not in time. */
  tryWaitForProjections(projections: readonly string[], until: WaitTarget, timeoutMillis: number): Promise<boolean>;
}

export interface ProjectionWaiterOptions {
  readonly pool: Pool;
  readonly store: Pick<EventStore, 'head'>;
  /** Time between two reads of the checkpoints while a caller waits; default: 5. */
  readonly pollMillis?: number;
}

interface Waiting {
  readonly names: readonly string[];
  readonly position: bigint;
  readonly resolve: (reached: boolean) => void;
}

const isReached = ({ names, position }: Waiting, positions: ReadonlyMap<string, bigint>): boolean =>
  names.every((name) => (positions.get(name) ?? -1n) >= position);

/**
 * One query at a time serves all callers that wait; without any, nothing is asked. Between two queries it sleeps
 * `pollMillis`, unless woken: by a new caller, or by a hint from this process that a position was reached for which one waits.
 */
export const createProjectionWaiter = ({ pool, store, pollMillis = 5 }: ProjectionWaiterOptions): ProjectionWaiter => {
  const waiting = new Set<Waiting>();
  let awake = new AbortController();
  let isPolling = false;

  const resolveReached = async (): Promise<void> => {
    // A database that cannot be asked has not reached anything; the time-outs bound this.
    const positions = await readPositions(pool).catch(() => new Map<string, bigint>());
    for (const one of waiting) if (isReached(one, positions)) one.resolve(true);
  };

  const poll = async (): Promise<void> => {
    const stopListening = listenForCheckpoints((name, position) => {
      for (const one of waiting) if (one.names.includes(name) && one.position <= position) awake.abort();
    });
    while (waiting.size > 0) {
      awake = new AbortController();
      await resolveReached();
      if (waiting.size > 0) await delay(pollMillis, awake.signal);
    }
    stopListening();
    isPolling = false;
  };

  const startPolling = (): void => {
    awake.abort();
    if (isPolling) return;
    isPolling = true;
    void poll();
  };

  const tryWaitForProjections: ProjectionWaiter['tryWaitForProjections'] = async (names, until, timeoutMillis) => {
    const position = until === 'head' ? await store.head() : until;
    return new Promise((resolve) => {
      const finish = (reached: boolean): void => {
        clearTimeout(timer);
        waiting.delete(one);
        resolve(reached);
      };
      const one: Waiting = { names, position, resolve: finish };
      const timer = setTimeout(finish, timeoutMillis, false);
      waiting.add(one);
      startPolling();
    });
  };

  return {
    tryWaitForProjections,
    waitForProjections: async (names, until, timeoutMillis) => {
      if (await tryWaitForProjections(names, until, timeoutMillis)) return;
      throw new InfrastructureError(
        'unavailable',
        `The read models (${names.join(', ')}) are behind the event log: see that their services run, then try again.`,
      );
    },
  };
};
