import { hasArchive, type CheckRow } from '@cyborgbackup/read-models';
import type { KeylessDeps } from '@cyborgbackup/service';

export type LastCheck = Pick<CheckRow, 'clean' | 'damaged'>;

/** What the latest check of a repository told; undefined when there was none. */
export const readLastCheck = async (pool: KeylessDeps['pool'], repository: string): Promise<LastCheck | undefined> => {
  const { rows } = await pool.query<LastCheck>(
    `select c.clean, c.damaged from executor.checks c join executor.runs r on r.run = c.run
      where r.repository = $1 and c.ended_at is not null order by c.ended_at desc limit 1`,
    [repository],
  );
  return rows[0];
};

/** The backups that made these archives of a repository. */
export const readBackups = async (
  pool: KeylessDeps['pool'],
  repository: string,
  archives: readonly string[],
): Promise<readonly { readonly archive: string; readonly job: string }[]> => {
  const { rows } = await pool.query<{ archive: string; job: string }>(
    `select b.archive, b.job from executor.backups b join executor.runs r on r.run = b.run
      where r.repository = $1 and b.archive = any($2) and ${hasArchive('b')}`,
    [repository, archives],
  );
  return rows;
};
