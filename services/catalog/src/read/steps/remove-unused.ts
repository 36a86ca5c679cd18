import type { StepTarget } from '@cyborgbackup/projections';
import { plainArray } from './sql-arrays.ts';

/** Names and folders that removed entries had, each once. */
export interface Leftovers {
  readonly names: readonly number[];
  readonly folders: readonly number[];
}

/** Of these names, removes those that no entry has any more. */
const removeNames = async ({ client, schema }: StepTarget, names: readonly number[]): Promise<void> => {
  await client.query(
    `delete from ${schema}.entry_names n using unnest($1::int4[]) as given(id)
      where n.id = given.id and not exists (select from ${schema}.entries v where v.name_id = given.id)`,
    [plainArray(names)],
  );
};

/** Of these folders, removes those that hold nothing any more. @returns the folders above them */
const removeFolders = async (
  { client, schema }: StepTarget,
  series: number,
  folders: readonly number[],
): Promise<readonly number[]> => {
  const { rows } = await client.query<{ parents: number[] | null }>(
    `with gone as (
       delete from ${schema}.folders f using unnest($2::int4[]) as given(id)
        where f.series_id = $1 and f.id = given.id
          and not exists (select from ${schema}.entries v where v.series_id = $1 and v.folder_id = given.id)
          and not exists (select from ${schema}.folders below where below.series_id = $1 and below.parent_id = given.id)
       returning f.id, f.parent_id
     ), cleared as (
       delete from ${schema}.folder_totals t using gone where t.series_id = $1 and t.folder_id = gone.id
     )
     select array_agg(distinct parent_id) filter (where parent_id is not null) as parents from gone`,
    [series, plainArray(folders)],
  );
  return rows[0]?.parents ?? [];
};

/** Of what removed entries left behind, removes what no other entry of the catalog (or of the series) needs. */
export const removeUnused = async (
  target: StepTarget,
  series: number,
  { names, folders }: Leftovers,
): Promise<void> => {
  await target.client.query('set local enable_seqscan = off');
  if (names.length > 0) await removeNames(target, names);
  for (let candidates = folders; candidates.length > 0;) candidates = await removeFolders(target, series, candidates);
};
