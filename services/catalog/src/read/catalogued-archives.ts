import type { ArchiveRow } from '@cyborgbackup/read-models';
import type { Pool } from 'pg';

/** An archive that a job of ours made. */
export interface CataloguedArchive extends Pick<ArchiveRow, 'job_uuid' | 'archive_name' | 'borg_id' | 'removed'> {
  readonly position: string;
}

/** Archives of a repository whose id, as text, is above one and not above another (none: all above the one). */
export const cataloguedArchives = async (
  pool: Pool,
  repository: string,
  { after, upto }: { readonly after: string; readonly upto: string | null },
): Promise<readonly CataloguedArchive[]> => {
  const { rows } = await pool.query<CataloguedArchive>(
    `select job_uuid, archive_name, borg_id, position::text, removed from catalog.archives
      where repository_uuid = $1 and borg_id <> ''
        and borg_id collate "C" > $2 and ($3::text is null or borg_id collate "C" <= $3)`,
    [repository, after, upto],
  );
  return rows;
};
