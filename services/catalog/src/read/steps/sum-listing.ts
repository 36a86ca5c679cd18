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
       select v.folder, v.attributes, v.size, 1 as sign from ${schema}.versions v
        where v.series = $1 and v.number >= $3 and v.number < $4
       union all
       select v.folder, v.attributes, v.size, -1
         from ${schema}.endings e cross join lateral unnest(e.numbers) as ended(number)
              join ${schema}.versions v on v.series = e.series and v.number = ended.number
        where e.series = $1 and e.sequence = $2
     ), direct as (
       select c.folder, sum(sign) as entries, sum(case when a.type <> 'd' then sign else 0 end) as files,
              sum(sign * c.size) as bytes
         from changed c join ${schema}.attributes a on a.id = c.attributes
        group by c.folder
       having sum(sign) <> 0 or sum(sign * c.size) <> 0 or sum(case when a.type <> 'd' then sign else 0 end) <> 0
     ), up (folder, above) as (
       select folder, folder from direct
       union all
       select up.folder, f.parent from up join ${schema}.folders f on f.series = $1 and f.id = up.above
        where f.parent is not null
     )
     insert into ${schema}.folder_totals (series, folder, sequence, entries, files, bytes)
     select $1, up.above, $2, sum(direct.entries), sum(direct.files), sum(direct.bytes)
       from up join direct using (folder)
      group by up.above
     having sum(direct.entries) <> 0 or sum(direct.files) <> 0 or sum(direct.bytes) <> 0`,
    [series, sequence, first, next],
  );
};
