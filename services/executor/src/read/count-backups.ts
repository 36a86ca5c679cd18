import { hasArchive } from '@cyborgbackup/read-models';
import type { ServiceParts } from '@cyborgbackup/service';

/** How many archives backups made in a repository that we have not removed. */
export const countBackups = async (pool: ServiceParts['pool'], repository: string): Promise<number> => {
  const { rows } = await pool.query<{ backups: number }>(
    `select count(*)::int as backups from executor.backups b join executor.runs r on r.run = b.run
      where r.repository = $1 and ${hasArchive('b')}`,
    [repository],
  );
  return rows[0]?.backups ?? 0;
};
