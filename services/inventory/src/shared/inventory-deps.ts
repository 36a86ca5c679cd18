import type { ClaimDeps, SubjectKeys } from '@cyborgbackup/event-store';
import type { CheckpointWaiter } from '@cyborgbackup/projections';
import type { Logger } from '@cyborgbackup/kernel';
import type { Pool } from 'pg';
import type { Exclusive } from './exclusive.ts';

/** What the handlers of the inventory's commands work with. */
export interface InventoryDeps extends ClaimDeps {
  readonly pool: Pool;
  readonly keys: SubjectKeys;
  readonly waiter: CheckpointWaiter;
  readonly exclusive: Exclusive;
  readonly logger: Logger;
}
