import type { ClientBase } from 'pg';

/**
 * Lets the next owners start at once instead of waiting for the leases of a process that was killed to expire. Only for
 * whoever knows that no other process uses this database, as the one that has just started an embedded server does.
 */
export const freeLeases = async (admin: ClientBase): Promise<void> => {
  await admin.query(
    'UPDATE projections.checkpoints SET owner = NULL, expires_at = NULL, fence = fence + 1 WHERE owner IS NOT NULL',
  );
};
