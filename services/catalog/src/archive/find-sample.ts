import type { StoredPath } from '@cyborgbackup/contracts';
import {
  attributesOf,
  folderOf,
  isInSequence,
  isListed,
  nameOf,
  PATH_COLUMNS,
  type ArchiveRow,
  type ListedArchive,
} from '@cyborgbackup/read-models';
import type { Pool } from 'pg';

export interface SampledFile extends StoredPath {
  readonly number: number;
  readonly size: number;
  /** ISO 8601, UTC. */
  readonly mtime: string;
}

/** Where its entries are, and why it is not safe to extract. */
export type SampledArchive = ListedArchive & Pick<ArchiveRow, 'unsafe'>;

/** Undefined for an archive that was not listed to its end, or that is gone. */
export const findListedArchive = async (pool: Pool, job: string): Promise<SampledArchive | undefined> => {
  const { rows } = await pool.query<SampledArchive>(
    `select series_id, sequence, next_number, id_base::float8, unsafe from catalog.archives a where job_uuid = $1 and ${isListed('a')}`,
    [job],
  );
  return rows[0];
};

/** Files of the archive with contents of their own: of several hard links the first. @param rest $3 and on in SQL */
const selectFiles = async (
  pool: Pool,
  { series_id, sequence }: ListedArchive,
  rest: string,
  values: readonly unknown[],
): Promise<readonly SampledFile[]> => {
  const { rows } = await pool.query<SampledFile>(
    `select e.number, ${PATH_COLUMNS}, e.size::float8 as size,
            to_char(e.mtime at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as mtime
       from catalog.entries e
       join ${attributesOf('e')} join ${folderOf('e')} join ${nameOf('e')}
      where e.series_id = $1 and ${isInSequence('e', '$2')} and x.type = '-' and x.mode like '-%' ${rest}`,
    [series_id, sequence, ...values],
  );
  return rows;
};

/** Those of the numbers that are files of the archive, in no order. */
export const findFiles = (
  pool: Pool,
  archive: ListedArchive,
  numbers: readonly number[],
): Promise<readonly SampledFile[]> =>
  selectFiles(pool, archive, 'and e.number = any($3::int4[])', [`{${numbers.join(',')}}`]);

/** Looks at every entry of the archive. */
export const scanForFiles = (
  pool: Pool,
  archive: ListedArchive,
  { seed, files }: { readonly seed: string; readonly files: number },
): Promise<readonly SampledFile[]> =>
  selectFiles(pool, archive, 'order by md5($3 || e.number::text), e.number limit $4', [seed, files]);
