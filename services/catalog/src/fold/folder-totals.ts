import type { StepTarget } from '@cyborgbackup/projections';
import { plainArray } from '../tables/column-values.ts';
import type { Totals } from './folder-tree.ts';
import type { CurrentListing } from './listing-step.ts';

/** The listings of a series between two archives that are left, in which only removed archives were listed. */
export interface SequenceRange {
  readonly seriesId: number;
  /** Sequence of the archive before the range, or 0. */
  readonly after: number;
  /** Sequence of the archive that ends the range. */
  readonly until: number;
}

/** Lets folders grow by what a listing found in and below them. */
export const addTotals = async (
  { client, schema }: StepTarget,
  { series_id, sequence }: CurrentListing,
  folders: readonly number[],
  totals: readonly Totals[],
): Promise<void> => {
  await client.query(
    `insert into ${schema}.folder_totals as t (series_id, folder_id, sequence, entries, files, bytes)
     select $1, folder, $2, entries, files, bytes
       from unnest($3::int4[], $4::int4[], $5::int4[], $6::int8[]) as given(folder, entries, files, bytes)
      where entries > 0
     on conflict (series_id, folder_id, sequence)
     do update set entries = t.entries + excluded.entries, files = t.files + excluded.files,
                   bytes = t.bytes + excluded.bytes`,
    [
      series_id,
      sequence,
      plainArray(folders),
      plainArray(totals.map(({ entries }) => entries)),
      plainArray(totals.map(({ files }) => files)),
      plainArray(totals.map(({ bytes }) => bytes)),
    ],
  );
};

/** Removes what a listing added to folders. */
export const removeTotals = async (
  { client, schema }: StepTarget,
  { series_id, sequence }: CurrentListing,
): Promise<void> => {
  await client.query(`delete from ${schema}.folder_totals where series_id = $1 and sequence = $2`, [
    series_id,
    sequence,
  ]);
};

/**
 * Lets folders, and all above them, grow and shrink by the entries that are new with a complete listing and those that ended
 * with it. A folder whose totals stay the same gets no row. In a first listing every entry is new, so its totals are added
 * batch by batch instead (`addTotals`).
 *
 * @param nextNumber the listing's new entries have numbers below this one
 */
export const rollUpListing = async (
  { client, schema }: StepTarget,
  { series_id, sequence, next_number }: CurrentListing,
  nextNumber: number,
): Promise<void> => {
  await client.query(
    `with recursive changed as (
       select e.folder_id, e.attributes_id, e.size, 1 as sign from ${schema}.entries e
        where e.series_id = $1 and e.number >= $3 and e.number < $4
       union all
       select e.folder_id, e.attributes_id, e.size, -1
         from ${schema}.ended_entries batch cross join lateral unnest(batch.numbers) as ended(number)
              join ${schema}.entries e on e.series_id = batch.series_id and e.number = ended.number
        where batch.series_id = $1 and batch.sequence = $2
     ), direct as (
       select c.folder_id, sum(sign) as entries, sum(case when a.type <> 'd' then sign else 0 end) as files,
              sum(sign * c.size) as bytes
         from changed c join ${schema}.entry_attributes a on a.id = c.attributes_id
        group by c.folder_id
       having sum(sign) <> 0 or sum(sign * c.size) <> 0 or sum(case when a.type <> 'd' then sign else 0 end) <> 0
     ), up (folder_id, above) as (
       select folder_id, folder_id from direct
       union all
       select up.folder_id, f.parent_id from up join ${schema}.folders f on f.series_id = $1 and f.id = up.above
        where f.parent_id is not null
     )
     insert into ${schema}.folder_totals (series_id, folder_id, sequence, entries, files, bytes)
     select $1, up.above, $2, sum(direct.entries), sum(direct.files), sum(direct.bytes)
       from up join direct using (folder_id)
      group by up.above
     having sum(direct.entries) <> 0 or sum(direct.files) <> 0 or sum(direct.bytes) <> 0`,
    [series_id, sequence, next_number, nextNumber],
  );
};

/**
 * Within a range, a folder needs one row instead of two: what it grew by after the listing `removed` is added to the last row
 * it has up to that listing.
 */
export const mergeTotals = async (
  { client, schema }: StepTarget,
  { seriesId, after, until }: SequenceRange,
  removed: number,
): Promise<void> => {
  await client.query(
    `with late as (
       select t.folder_id, earlier.sequence, sum(t.entries) as entries, sum(t.files) as files, sum(t.bytes) as bytes
         from ${schema}.folder_totals t
              cross join lateral (
                select e.sequence from ${schema}.folder_totals e
                 where e.series_id = t.series_id and e.folder_id = t.folder_id and e.sequence > $2 and e.sequence <= $4
                 order by e.sequence desc limit 1
              ) earlier
        where t.series_id = $1 and t.sequence > $4 and t.sequence <= $3
        group by t.folder_id, earlier.sequence
     ), moved as (
       delete from ${schema}.folder_totals t using late
        where t.series_id = $1 and t.folder_id = late.folder_id and t.sequence > $4 and t.sequence <= $3
     )
     update ${schema}.folder_totals t
        set entries = t.entries + late.entries, files = t.files + late.files, bytes = t.bytes + late.bytes
       from late
      where t.series_id = $1 and t.folder_id = late.folder_id and t.sequence = late.sequence`,
    [seriesId, after, until, removed],
  );
};
