import { AppError } from '@cyborgbackup/kernel';
import { readPositions } from '@cyborgbackup/projections';
import { inventoryProjection } from '../read/inventory-projection.ts';
import type { InventoryDeps } from './inventory-deps.ts';

/** Below the five seconds that callers wait for an answer. */
const WAIT_MILLIS = 2_500;

const SCHEDULER = 'scheduler';

const whenAtHead = async ({ store, waiter }: InventoryDeps, projections: readonly string[]): Promise<void> => {
  const head = await store.head();
  if (await waiter.waitFor(projections, head, { timeoutMillis: WAIT_MILLIS })) return;
  throw new AppError(
    'unavailable',
    `The read models (${projections.join(', ')}) are behind the event log: see that their services run, then try again.`,
  );
};

/**
 * Resolves when the inventory's tables show what the log holds now.
 * @throws AppError `unavailable` when they do not within 2.5 seconds
 */
export const caughtUp = (deps: InventoryDeps): Promise<void> => whenAtHead(deps, [inventoryProjection.name]);

/** As `caughtUp`, for the scheduler's tables too, when a scheduler has ever run here. */
export const caughtUpWithJobs = async (deps: InventoryDeps): Promise<void> => {
  const known = await readPositions(deps.pool);
  await whenAtHead(deps, [inventoryProjection.name, ...(known.has(SCHEDULER) ? [SCHEDULER] : [])]);
};

/** Resolves when the inventory's tables show this write, or after a while. */
export const shown = async ({ waiter }: InventoryDeps, position: bigint): Promise<void> => {
  await waiter.waitFor([inventoryProjection.name], position, { timeoutMillis: WAIT_MILLIS });
};
