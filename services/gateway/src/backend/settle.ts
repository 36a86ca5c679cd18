import type { CheckpointWaiter } from '@cyborgbackup/projections';

export type ProjectionName = 'inventory' | 'scheduler';

/** What a client is told when the read models lag behind. */
export const NOT_YET_VISIBLE =
  'The change is recorded, but the read models lag behind: it will show up without a further request.';

const WAIT_MILLIS = 5_000;

/** Waits until reads show what was written at this position, so that who wrote it reads it; five seconds at most. */
export const settle = async (
  waiter: CheckpointWaiter,
  projection: ProjectionName,
  position: string | null,
): Promise<boolean> =>
  position === null || waiter.waitFor([projection], BigInt(position), { timeoutMillis: WAIT_MILLIS });
