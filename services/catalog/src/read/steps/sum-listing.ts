import type { StepTarget } from '@cyborgbackup/projections';

/** A listing that is complete, and was not the first of its series. */
export interface SummedListing {
  readonly series: number;
  readonly sequence: number;
  /** Its new entries have numbers from here on. */
  readonly first: number;
  /** Exclusive. */
  readonly next: number;
}

/**
 * Lets folders, and all above them, grow and shrink by what is new with a listing and what ended with it. Those that come out
 * even get no row. A first listing, where everything is new, is summed up batch by batch instead (`addTotals`).
 */
export const sumListing = async (
  { client, schema }: StepTarget,
  { series, sequence, first, next }: SummedListing,
): Promise<void> => {
  await client.query(
    `with recursive changed as (
       select v.folder_id, v.attributes_id, v.size, 1 as sign from ${schema}.entries v
        where v.series_id = $1 and v.number >= $3 and v.number < $4
       union all
       select v.folder_id, v.attributes_id, v.size, -1
         from ${schema}.ended_entries e cross join lateral unnest(e.numbers) as ended(number)
              join ${schema}.entries v on v.series_id = e.series_id and v.number = ended.number
        where e.series_id = $1 and e.sequence = $2
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
    [series, sequence, first, next],
  );
};
