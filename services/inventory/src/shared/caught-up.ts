import { readPositions, WAIT_MILLIS } from '@cyborgbackup/projections';
import { inventoryProjection } from '../read/inventory-projection.ts';
import type { InventoryDeps } from './inventory-deps.ts';

const SCHEDULER = 'scheduler';

/**
 * Resolves when the inventory's tables hold what the log holds now.
 * @throws AppError `unavailable` when they do not within 2.5 seconds
 */
export const caughtUp = ({ waiter }: InventoryDeps): Promise<void> =>
  waiter.waitForProjections([inventoryProjection.name], 'head', WAIT_MILLIS.command);

/** As `caughtUp`, for the scheduler's tables too, when a scheduler has ever run here. */
export const caughtUpWithJobs = async ({ pool, waiter }: InventoryDeps): Promise<void> => {
  const known = await readPositions(pool);
  const names = [inventoryProjection.name, ...(known.has(SCHEDULER) ? [SCHEDULER] : [])];
  await waiter.waitForProjections(names, 'head', WAIT_MILLIS.command);
};
