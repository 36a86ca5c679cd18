import type { StepTarget } from '@cyborgbackup/projections';
import { hasPath, isInArchive, isListed } from '@cyborgbackup/read-models';
import { plainArray, textArray } from './sql-arrays.ts';

export const insertPendingBroken = async (
  { client, schema }: StepTarget,
  series: number,
  numbers: readonly number[],
): Promise<void> => {
  await client.query(
    `insert into ${schema}.pending_broken_entries (series_id, number) select $1, unnest($2::int4[]) on conflict do nothing`,
    [series, plainArray(numbers)],
  );
};

/** A path, as it is stored in two parts. */
export interface StoredPath {
  readonly folder: string;
  readonly folderRaw: string | null;
  readonly name: string;
  readonly nameRaw: string | null;
}

/** What a check found takes the place of what an earlier one found. Paths that the archive does not have are left out. */
export const replaceFindings = async (
  { client, schema }: StepTarget,
  job: string,
  paths: readonly StoredPath[],
): Promise<void> => {
  await client.query(`delete from ${schema}.broken_entries where job_uuid = $1 and found_by = 'check'`, [job]);
  await client.query(
    `insert into ${schema}.broken_entries (job_uuid, number, found_by)
     select distinct a.job_uuid, v.number, 'check'
       from ${schema}.archives a
            cross join unnest($2::text[], $3::text[], $4::text[], $5::text[])
                       as given(folder, folder_raw, name, name_raw)
            join ${schema}.folders f on f.series_id = a.series_id and ${hasPath('f', 'given.folder', 'given.folder_raw')}
            join ${schema}.entry_names n on n.name = given.name and n.raw is not distinct from given.name_raw
            join ${schema}.entries v on ${isInArchive('v', 'a')} and v.folder_id = f.id and v.name_id = n.id
      where a.job_uuid = $1 and ${isListed('a')}`,
    [
      job,
      textArray(paths.map(({ folder }) => folder)),
      textArray(paths.map(({ folderRaw }) => folderRaw)),
      textArray(paths.map(({ name }) => name)),
      textArray(paths.map(({ nameRaw }) => nameRaw)),
    ],
  );
};

/** @param isDamaged as the check has it */
export const noteCheck = async (
  { client, schema }: StepTarget,
  job: string,
  isDamaged: boolean,
  checkedAt: string,
): Promise<void> => {
  await client.query(
    `update ${schema}.archives
        set damaged = $2, checked_at = $3,
            healthy = not $2 and not exists (select from ${schema}.broken_entries b where b.job_uuid = $1 and found_by = 'listing')
      where job_uuid = $1`,
    [job, isDamaged, checkedAt],
  );
};

/** Of all archives of a repository that were known when a check began. Whether they are healthy is told one by one. */
export const noteCleanCheck = async (
  { client, schema }: StepTarget,
  repository: string,
  { knownUntil, checkedAt }: { readonly knownUntil: string; readonly checkedAt: string },
): Promise<void> => {
  await client.query(
    `update ${schema}.archives set checked_at = $3
      where repository_uuid = $1 and not removed and position <= $2::bigint`,
    [repository, knownUntil, checkedAt],
  );
};

export const removeBroken = async ({ client, schema }: StepTarget, job: string): Promise<void> => {
  await client.query(`delete from ${schema}.broken_entries where job_uuid = $1`, [job]);
};
