import { catalogEntriesBroken, nameStart } from '@cyborgbackup/contracts';
import type { StepTarget } from '@cyborgbackup/projections';
import { hasPath, isInArchive, isListed } from '@cyborgbackup/read-models';
import { plainArray, storedText, storedTextArrays } from '../tables/column-values.ts';
import { listingStep } from './listing-step.ts';

/** Entries that a listing finds broken are pending until it is complete. */
export const addBroken = listingStep(catalogEntriesBroken, async ({ client, schema }, { series_id }, { numbers }) => {
  await client.query(
    `insert into ${schema}.pending_broken_entries (series_id, number) select $1, unnest($2::int4[]) on conflict do nothing`,
    [series_id, plainArray(numbers)],
  );
});

export const removePendingBroken = async ({ client, schema }: StepTarget, seriesId: number): Promise<void> => {
  await client.query(`delete from ${schema}.pending_broken_entries where series_id = $1`, [seriesId]);
};

export const removeBroken = async ({ client, schema }: StepTarget, job: string): Promise<void> => {
  await client.query(`delete from ${schema}.broken_entries where job_uuid = $1`, [job]);
};

/** Replaces what an earlier check found in an archive. Paths that the archive does not have are left out. */
export const replaceFindings = async (
  { client, schema }: StepTarget,
  job: string,
  paths: readonly string[],
): Promise<void> => {
  const folders = paths.map((path) => storedText(path.slice(0, nameStart(path))));
  const names = paths.map((path) => storedText(path.slice(nameStart(path))));
  await client.query(`delete from ${schema}.broken_entries where job_uuid = $1 and found_by = 'check'`, [job]);
  await client.query(
    `insert into ${schema}.broken_entries (job_uuid, number, found_by)
     select distinct a.job_uuid, e.number, 'check'
       from ${schema}.archives a
            cross join unnest($2::text[], $3::text[], $4::text[], $5::text[])
                       as given(folder, folder_raw, name, name_raw)
            join ${schema}.folders f on f.series_id = a.series_id and ${hasPath('f', 'given.folder', 'given.folder_raw')}
            join ${schema}.entry_names n on n.name = given.name and n.raw is not distinct from given.name_raw
            join ${schema}.entries e on ${isInArchive('e', 'a')} and e.folder_id = f.id and e.name_id = n.id
      where a.job_uuid = $1 and ${isListed('a')}`,
    [job, ...storedTextArrays(folders), ...storedTextArrays(names)],
  );
};
