import { createExclusive, type Exclusive } from '@cyborgbackup/database';
import type { ClaimDeps } from '@cyborgbackup/event-store';
import { createKeyedQueue, type Clock, type KeyedQueue } from '@cyborgbackup/kernel';
import type { RpcClient } from '@cyborgbackup/messaging';
import type { ProjectionWaiter } from '@cyborgbackup/projections';
import type { Pool } from 'pg';

interface LaunchLock {
  /**
   * One launch into the repository at a time, in this process alone, and for as long as it may take: what is prepared at
   * the same time would be in vain.
   */
  readonly inTurn: KeyedQueue;
  /** Looks and appends while no other launch does so for the repository, in any process. It takes some 15 ms. */
  readonly hold: Exclusive;
}

export const createLaunchLock = (pool: Pool): LaunchLock => ({
  inTurn: createKeyedQueue(),
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
