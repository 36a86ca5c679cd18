import type { Exclusive } from '@cyborgbackup/database';
import type { ClaimDeps, SubjectKeys } from '@cyborgbackup/event-store';
import type { ProjectionWaiter } from '@cyborgbackup/projections';
import type { Logger } from '@cyborgbackup/kernel';
import type { Pool } from 'pg';

/** Name of the projection that holds the inventory's tables: see `inventory-projection.ts`. */
export const INVENTORY_PROJECTION = 'inventory';

/** What the handlers of the inventory's commands work with. */
export interface InventoryDeps extends ClaimDeps {
  readonly pool: Pool;
  readonly keys: SubjectKeys;
  readonly waiter: ProjectionWaiter;
  readonly exclusive: Exclusive;
  readonly logger: Logger;
}
