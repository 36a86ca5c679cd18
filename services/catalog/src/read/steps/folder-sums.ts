import type { StepTarget } from '@cyborgbackup/projections';

/** A stretch of listings of a series: after one, up to and with another. */
export interface Stretch {
  readonly series: number;
  readonly after: number;
  readonly upto: number;
}

/**
 * Between two archives that are left, what a folder grew by needs to be told once: what came after `middle` is added to what
 * the folder grew by before it in the same stretch.
 */
export const mergeTotals = async (
  { client, schema }: StepTarget,
  { series, after, upto }: Stretch,
  middle: number,
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
    [series, after, upto, middle],
  );
};

/** Takes back what a listing added to folders. */
export const removeTotals = async ({ client, schema }: StepTarget, series: number, sequence: number): Promise<void> => {
  await client.query(`delete from ${schema}.folder_totals where series_id = $1 and sequence = $2`, [series, sequence]);
};
