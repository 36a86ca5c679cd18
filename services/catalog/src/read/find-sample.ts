import type { StoredPath } from '@cyborgbackup/contracts';
import type { Pool } from 'pg';

/** A catalogued archive, as its entries are found. */
export interface ListedArchive {
  readonly series: number;
  readonly sequence: number;
  /** Above every number of its entries. */
  readonly next: number;
}

export interface SampledFile extends StoredPath {
  readonly number: number;
  readonly size: number;
  /** ISO 8601, UTC. */
  readonly mtime: string;
}

/** Undefined for an archive that was not listed to its end, or that is gone. */
export const findListedArchive = async (pool: Pool, job: string): Promise<ListedArchive | undefined> => {
  const { rows } = await pool.query<ListedArchive>(
    `select series, sequence, next from catalog.archives where job_uuid = $1 and complete and not removed`,
    [job],
  );
  return rows[0];
};

/** Files with contents of their own: of several hard links the first. */
const FILES = `
  select v.number, f.path as folder, f.raw as folder_raw, n.name, n.raw as name_raw, v.size::float8 as size,
         to_char(v.mtime at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as mtime
    from catalog.versions v
    join catalog.attributes t on t.id = v.attributes
    join catalog.folders f on f.series = v.series and f.id = v.folder
    join catalog.names n on n.id = v.name
   where v.series = $1 and $2 between v.first_seq and v.last_seq and t.type = '-' and t.mode like '-%'`;

/** Those of the numbers that are files of the archive, in no order. */
export const findFiles = async (
  pool: Pool,
  { series, sequence }: ListedArchive,
  numbers: readonly number[],
): Promise<readonly SampledFile[]> => {
  const { rows } = await pool.query<SampledFile>(`${FILES} and v.number = any($3::int4[])`, [
    series,
    sequence,
    `{${numbers.join(',')}}`,
  ]);
  return rows;
};

/** Looks at every entry of the archive. */
export const scanForFiles = async (
  pool: Pool,
  { series, sequence }: ListedArchive,
  { seed, files }: { readonly seed: string; readonly files: number },
): Promise<readonly SampledFile[]> => {
  const { rows } = await pool.query<SampledFile>(`${FILES} order by md5($3 || v.number::text), v.number limit $4`, [
    series,
    sequence,
    seed,
    files,
  ]);
  return rows;
};
