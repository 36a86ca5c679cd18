import { createExclusive, type Exclusive } from '@cyborgbackup/database';
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
  /** Checks and appends while no launch in any process does so for the repository. It is held for some 15 ms. */
  readonly hold: Exclusive;
}

export const createLaunchLock = (pool: Pool): LaunchLock => ({
  oneByOne: createKeyedQueue(),
  hold: createExclusive({
    pool,
    lock: 'launch',
    busyMessage: 'Another launch into this repository does not end: try again in a moment.',
    oneAtATime: true,
  }),
});

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
