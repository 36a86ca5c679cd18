import { createExclusive } from '@cyborgbackup/database';
import type { ClaimDeps } from '@cyborgbackup/event-store';
import { createKeyedQueue, type Clock, type KeyedQueue } from '@cyborgbackup/kernel';
import type { RpcClient } from '@cyborgbackup/messaging';
import type { ProjectionWaiter } from '@cyborgbackup/projections';
import type { Pool } from 'pg';

interface LaunchLock {
  /**
   * One launch into the repository at a time within this process, from its preparation on. Of two launches one is refused
   * in the end, so preparing both at once would waste the work of the other.
   */
  readonly oneByOne: KeyedQueue;
  /**
   * Checks and appends while no launch in any process does so: launches into different repositories may need the same client
   * prepared. It is held for some 15 ms.
   */
  readonly hold: <T>(work: () => Promise<T>) => Promise<T>;
}

export const createLaunchLock = (pool: Pool): LaunchLock => {
  const exclusive = createExclusive({
    pool,
    lock: 'launch',
    busyMessage: 'Another launch does not end: try again in a moment.',
    oneAtATime: true,
  });
  return { oneByOne: createKeyedQueue(), hold: (work) => exclusive('launch', work) };
};

/** What the commands need that create a run. */
export interface RunDeps {
  readonly pool: Pool;
  readonly commands: ClaimDeps;
  readonly clock: Clock;
  readonly waiter: ProjectionWaiter;
  readonly rpc: Pick<RpcClient, 'call'>;
  readonly lock: LaunchLock;
}

export type CreateRunDeps = Pick<RunDeps, 'pool' | 'commands' | 'clock'>;
