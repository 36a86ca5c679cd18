import type { ChangeResult } from '@cyborgbackup/contracts';
import { WAIT_MILLIS } from '@cyborgbackup/projections';
import { INVENTORY_PROJECTION, type InventoryDeps } from './inventory-deps.ts';

const SECTION = 'references';

/**
 * For what makes references between things (a policy names clients, a repository and a schedule) and what must not leave
 * one behind (a removal): both look into the read model before they write. So they go one by one, over all processes, and
 * each waits until the read model shows what it wrote before it lets the next one look.
 * @throws AppError `unavailable` when others take too long
 */
export const withReferences = (deps: InventoryDeps, write: () => Promise<ChangeResult>): Promise<ChangeResult> =>
  deps.exclusive(SECTION, async () => {
    const change = await write();
    const { position } = change;
    // It is written all the same: in vain is no error.
    if (position !== null) {
      await deps.waiter.tryWaitForProjections([INVENTORY_PROJECTION], BigInt(position), WAIT_MILLIS.command);
    }
    return change;
  });
