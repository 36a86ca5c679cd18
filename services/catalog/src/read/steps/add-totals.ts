import type { StepTarget } from '@cyborgbackup/projections';
import type { Totals } from './folder-tree.ts';
import { plainArray } from './sql-arrays.ts';

/** Lets folders grow by what a listing found in and below them. */
export const addTotals = async (
  { client, schema }: StepTarget,
  listing: { readonly series: number; readonly sequence: number },
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
      listing.series,
      listing.sequence,
      plainArray(folders),
      plainArray(totals.map(({ entries }) => entries)),
      plainArray(totals.map(({ files }) => files)),
      plainArray(totals.map(({ bytes }) => bytes)),
    ],
  );
};
