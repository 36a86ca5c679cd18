import { readPositions, WAIT_MILLIS } from '@cyborgbackup/projections';
import { INVENTORY_PROJECTION, type InventoryDeps } from './inventory-deps.ts';

const SCHEDULER = 'scheduler';

/**
 * Resolves when the inventory's tables hold what the log holds now.
 * @throws AppError `unavailable` when they do not within 2.5 seconds
 */
export const waitForInventory = ({ waiter }: InventoryDeps): Promise<void> =>
  waiter.waitForProjections([INVENTORY_PROJECTION], 'head', WAIT_MILLIS.command);

/** As `waitForInventory`, for the scheduler's tables too, when a scheduler has ever run here. */
export const waitForInventoryAndJobs = async ({ pool, waiter }: InventoryDeps): Promise<void> => {
  const known = await readPositions(pool);
  const names = [INVENTORY_PROJECTION, ...(known.has(SCHEDULER) ? [SCHEDULER] : [])];
  await waiter.waitForProjections(names, 'head', WAIT_MILLIS.command);
};
