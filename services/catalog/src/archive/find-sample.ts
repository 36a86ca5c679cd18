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

/** Files with contents of their own: of several hard links the first. */
const FILES = `
  select v.number, ${PATH_COLUMNS}, v.size::float8 as size,
         to_char(v.mtime at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as mtime
    from catalog.entries v
    join ${attributesOf('v')} join ${folderOf('v')} join ${nameOf('v')}
   where v.series_id = $1 and ${isInSequence('v', '$2')} and x.type = '-' and x.mode like '-%'`;

/** Those of the numbers that are files of the archive, in no order. */
export const findFiles = async (
  pool: Pool,
  { series_id, sequence }: ListedArchive,
  numbers: readonly number[],
): Promise<readonly SampledFile[]> => {
  const { rows } = await pool.query<SampledFile>(`${FILES} and v.number = any($3::int4[])`, [
    series_id,
    sequence,
    `{${numbers.join(',')}}`,
  ]);
  return rows;
};

/** Looks at every entry of the archive. */
export const scanForFiles = async (
  pool: Pool,
  { series_id, sequence }: ListedArchive,
  { seed, files }: { readonly seed: string; readonly files: number },
): Promise<readonly SampledFile[]> => {
  const { rows } = await pool.query<SampledFile>(`${FILES} order by md5($3 || v.number::text), v.number limit $4`, [
    series_id,
    sequence,
    seed,
    files,
  ]);
  return rows;
};
