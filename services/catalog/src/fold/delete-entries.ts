import type { StepTarget } from '@cyborgbackup/projections';
import { plainArray } from '../tables/column-values.ts';
import type { SequenceRange } from './folder-totals.ts';

/** The ids of names and folders that deleted entries had, each once. */
interface Leftovers {
  readonly names: readonly number[];
  readonly folders: readonly number[];
}

const NONE: Leftovers = { names: [], folders: [] };

const LEFTOVERS = `select coalesce(array_agg(distinct name_id), '{}') as names,
                          coalesce(array_agg(distinct folder_id), '{}') as folders from gone`;

/** Deletes those of these entries that began and ended within a range: no archive that is left has them. */
export const deleteEntriesWithin = async (
  { client, schema }: StepTarget,
  { seriesId, after, until }: SequenceRange,
  numbers: readonly number[],
): Promise<Leftovers> => {
  const { rows } = await client.query<Leftovers>(
    `with gone as (
       delete from ${schema}.entries e using unnest($4::int4[]) as given(number)
        where e.series_id = $1 and e.number = given.number and e.first_archive > $2 and e.last_archive < $3
       returning e.name_id, e.folder_id
     ) ${LEFTOVERS}`,
    [seriesId, after, until, plainArray(numbers)],
  );
  return rows[0] ?? NONE;
};

/** Deletes the next entries of a series, from a number on; leaves no names when there were none. */
export const deleteEntriesFrom = async (
  { client, schema }: StepTarget,
  seriesId: number,
  firstNumber: number,
  limit: number,
): Promise<Leftovers> => {
  const { rows } = await client.query<Leftovers>(
    `with chunk as (
       select number from ${schema}.entries where series_id = $1 and number >= $2 order by number limit $3
     ), gone as (
       delete from ${schema}.entries e using chunk where e.series_id = $1 and e.number = chunk.number
       returning e.name_id, e.folder_id
     ) ${LEFTOVERS}`,
    [seriesId, firstNumber, limit],
  );
  return rows[0] ?? NONE;
};

const deleteUnusedNames = async ({ client, schema }: StepTarget, names: readonly number[]): Promise<void> => {
  await client.query(
    `delete from ${schema}.entry_names n using unnest($1::int4[]) as given(id)
      where n.id = given.id and not exists (select from ${schema}.entries e where e.name_id = given.id)`,
    [plainArray(names)],
  );
};

/** Of these folders, deletes those that are empty. @returns the folders above the deleted ones */
const deleteEmptyFolders = async (
  { client, schema }: StepTarget,
  seriesId: number,
  folders: readonly number[],
): Promise<readonly number[]> => {
  const { rows } = await client.query<{ parents: number[] | null }>(
    `with gone as (
       delete from ${schema}.folders f using unnest($2::int4[]) as given(id)
        where f.series_id = $1 and f.id = given.id
          and not exists (select from ${schema}.entries e where e.series_id = $1 and e.folder_id = given.id)
          and not exists (select from ${schema}.folders below where below.series_id = $1 and below.parent_id = given.id)
       returning f.id, f.parent_id
     ), cleared as (
       delete from ${schema}.folder_totals t using gone where t.series_id = $1 and t.folder_id = gone.id
     )
     select array_agg(distinct parent_id) filter (where parent_id is not null) as parents from gone`,
    [seriesId, plainArray(folders)],
  );
  return rows[0]?.parents ?? [];
};

/** Deletes the names that no entry of the catalog has any more, and the folders that are empty now. */
export const deleteUnused = async (
  target: StepTarget,
  seriesId: number,
  { names, folders }: Leftovers,
): Promise<void> => {
  await target.client.query('set local enable_seqscan = off');
  if (names.length > 0) await deleteUnusedNames(target, names);
  for (let candidates = folders; candidates.length > 0;) {
    candidates = await deleteEmptyFolders(target, seriesId, candidates);
  }
};
