import { AppError } from '@cyborgbackup/kernel';
import { createCheckpointWaiter } from '@cyborgbackup/projections';
import type { Pool } from 'pg';
import { catalogProjection } from './catalog-projection.ts';

/** The catalog's own tables, as handlers of commands look at them. */
export interface ReadModel {
  /**
   * Resolves as soon as the tables hold everything up to a position.
   * @throws AppError `unavailable` when they are too far behind
   */
  reaches(position: bigint): Promise<void>;
}

/** A large archive that was listed just before may still be on its way into the tables. */
const WAIT_MILLIS = 100_000;

export const createReadModel = (pool: Pool): ReadModel => {
  const waiter = createCheckpointWaiter({ pool });
  return {
    reaches: async (position) => {
      if (await waiter.waitFor([catalogProjection.name], position, { timeoutMillis: WAIT_MILLIS })) return;
      throw new AppError('unavailable', 'The catalog is still taking in earlier listings: try again in a few minutes.');
    },
  };
};
