import type { StepTarget } from '@cyborgbackup/projections';
import { plainArray } from './sql-arrays.ts';
import type { Leftovers } from './remove-unused.ts';

interface LeftoverRow {
  readonly removed: string;
  readonly names: number[] | null;
  readonly folders: number[] | null;
}

const leftoversOf = (rows: readonly LeftoverRow[]): Leftovers => ({
  names: rows[0]?.names ?? [],
  folders: rows[0]?.folders ?? [],
});

const COLLECTED = `select array_agg(distinct name_id) as names, array_agg(distinct folder_id) as folders from gone`;

/** Removes those of these entries that are in no archive between two that are left; both bounds are exclusive. */
export const removeVersionsWithin = async (
  { client, schema }: StepTarget,
  { series, after, before }: { readonly series: number; readonly after: number; readonly before: number },
  numbers: readonly number[],
): Promise<Leftovers> => {
  const { rows } = await client.query<LeftoverRow>(
    `with gone as (
       delete from ${schema}.entries v using unnest($4::int4[]) as given(number)
        where v.series_id = $1 and v.number = given.number and v.first_archive > $2 and v.last_archive < $3
       returning v.name_id, v.folder_id
     ) ${COLLECTED}`,
    [series, after, before, plainArray(numbers)],
  );
  return leftoversOf(rows);
};

/** Removes up to so many entries of a series, from a number on. Undefined when there were none. */
export const removeVersionsFrom = async (
  { client, schema }: StepTarget,
  series: number,
  first: number,
  limit: number,
): Promise<Leftovers | undefined> => {
  const { rows } = await client.query<LeftoverRow>(
    `with chunk as (
       select number from ${schema}.entries where series_id = $1 and number >= $2 order by number limit $3
     ), gone as (
       delete from ${schema}.entries v using chunk where v.series_id = $1 and v.number = chunk.number
       returning v.name_id, v.folder_id
     ) ${COLLECTED}`,
    [series, first, limit],
  );
  return rows[0]?.names ? leftoversOf(rows) : undefined;
};
