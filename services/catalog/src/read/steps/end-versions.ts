import type { StepTarget } from '@cyborgbackup/projections';
import { NOT_ENDED } from '../models/versions.ts';
import type { OpenListing } from './find-series.ts';
import { plainArray } from './sql-arrays.ts';

/** Ends entries with the listing before this one, and lets their folders shrink. */
export const endVersions = async (
  { client, schema }: StepTarget,
  { series, sequence }: OpenListing,
  numbers: readonly number[],
): Promise<void> => {
  await client.query(
    `with recursive ended as (
       update ${schema}.versions v set last_seq = $2 - 1
        where v.series = $1 and v.number = any ($3::int4[]) and v.last_seq = ${NOT_ENDED}
       returning v.folder, v.attributes, v.size
     ), direct as (
       select e.folder, count(*) as entries, count(*) filter (where a.type <> 'd') as files, sum(e.size) as bytes
         from ended e join ${schema}.attributes a on a.id = e.attributes
        group by e.folder
     ), up (folder, above) as (
       select folder, folder from direct
       union all
       select up.folder, f.parent from up join ${schema}.folders f on f.series = $1 and f.id = up.above
        where f.parent is not null
     )
     insert into ${schema}.folder_totals as t (series, folder, sequence, entries, files, bytes)
     select $1, up.above, $2, -sum(direct.entries), -sum(direct.files), -sum(direct.bytes)
       from up join direct using (folder)
      group by up.above
     on conflict (series, folder, sequence)
     do update set entries = t.entries + excluded.entries, files = t.files + excluded.files,
                   bytes = t.bytes + excluded.bytes`,
    [series, sequence, plainArray(numbers)],
  );
};

/** Notes which entries ended with a listing. */
export const insertEnding = async (
  { client, schema }: StepTarget,
  { series, sequence }: OpenListing,
  part: number,
  numbers: readonly number[],
): Promise<void> => {
  await client.query(
    `insert into ${schema}.endings (series, sequence, part, numbers) values ($1, $2, $3, $4::int4[])`,
    [series, sequence, part, plainArray(numbers)],
  );
};
