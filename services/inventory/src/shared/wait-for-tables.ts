import type { ChangeResult } from '@cyborgbackup/contracts';
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

const SECTION = 'references';

/**
 * For writes that make references (a policy names clients, a repository and a schedule) and for removals, which must not
 * leave a reference to what is gone. Both check the read model before they write. So only one of them runs at a time, over
 * all processes, and it ends when the read model shows what it wrote: the next one checks tables that are up to date.
 * @throws AppError `unavailable` when others take too long
 */
export const withReferences = (deps: InventoryDeps, write: () => Promise<ChangeResult>): Promise<ChangeResult> =>
  deps.exclusive(SECTION, async () => {
    const written = await write();
    const { position } = written;
    // The write stands even when the read model does not follow in time, so that is no error.
    if (position !== null) {
      await deps.waiter.tryWaitForProjections([INVENTORY_PROJECTION], BigInt(position), WAIT_MILLIS.command);
    }
    return written;
  });
