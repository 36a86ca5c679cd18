import type { repositoryCommands, RpcOutput } from '@cyborgbackup/contracts';
import { AppError } from '@cyborgbackup/kernel';
import type { Pool } from 'pg';

type ResolvedRepository = RpcOutput<typeof repositoryCommands.resolve>;

/**
 * All that a job on a repository alone needs to know of it, from the read model: wait for that first (`caughtUp`).
 * @throws AppError `not-found`
 */
export const resolveRepository = async (pool: Pool, id: number): Promise<ResolvedRepository> => {
  const { rows } = await pool.query<ResolvedRepository>(
    'select id, uuid::text as uuid, name, path, ready, enabled from inventory.repositories where id = $1',
    [id],
  );
  const [row] = rows;
  if (!row) throw new AppError('not-found', `There is no repository ${id}: it may have been deleted.`);
  return row;
};
