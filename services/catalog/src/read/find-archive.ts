import type { Pool } from 'pg';

/** The backup job that made an archive of this name which is still in the repository. */
export const findArchive = async (pool: Pool, repository: string, name: string): Promise<string | undefined> => {
  const { rows } = await pool.query<{ job_uuid: string }>(
    'select job_uuid from catalog.archives where repository_uuid = $1 and archive_name = $2 and not removed limit 1',
    [repository, name],
  );
  return rows[0]?.job_uuid;
};
