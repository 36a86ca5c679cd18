import type { StepTarget } from '@cyborgbackup/projections';
import { NOT_ENDED } from '@cyborgbackup/read-models';
import { neighboursOf } from './archives-left.ts';
import { clearIfEmpty, removeAllFrom } from './collect.ts';
import type { OpenListing } from './find-series.ts';
import { removeTotals } from './folder-sums.ts';

/** Adds a series without entries. */
export const insertSeries = async ({ client, schema }: StepTarget, uuid: string): Promise<number> => {
  const { rows } = await client.query<{ id: number }>(
    `insert into ${schema}.archive_series (id, uuid, sequence, next_number, previous_entries, listing)
     select coalesce(max(id), 0) + 1, $1, 0, 0, 0, null from ${schema}.archive_series returning id`,
    [uuid],
  );
  return rows[0]?.id ?? 0;
};

/** From here on this listing is the one that is under way. */
export const openListing = async (
  { client, schema }: StepTarget,
  series: number,
  { attempt, sequence }: { readonly attempt: string; readonly sequence: number },
): Promise<void> => {
  await client.query(`update ${schema}.archive_series set listing = $2, sequence = $3 where id = $1`, [
    series,
    attempt,
    sequence,
  ]);
};

const closeListing = async ({ client, schema }: StepTarget, series: number): Promise<void> => {
  await client.query(`update ${schema}.archive_series set listing = null where id = $1`, [series]);
};

/** Lets entries go on that an unfinished listing had ended. */
const reopenVersions = async ({ client, schema }: StepTarget, { series, sequence }: OpenListing): Promise<void> => {
  await client.query(
    `update ${schema}.entries v set last_archive = ${NOT_ENDED}
       from ${schema}.ended_entries e, unnest(e.numbers) as ended(number)
      where e.series_id = $1 and e.sequence = $2 and v.series_id = $1 and v.number = ended.number and v.last_archive = $2 - 1`,
    [series, sequence],
  );
};

const removeEndings = async ({ client, schema }: StepTarget, { series, sequence }: OpenListing): Promise<void> => {
  await client.query(`delete from ${schema}.ended_entries where series_id = $1 and sequence = $2`, [series, sequence]);
};

const removePendingBroken = async ({ client, schema }: StepTarget, series: number): Promise<void> => {
  await client.query(`delete from ${schema}.pending_broken_entries where series_id = $1`, [series]);
};

/** Takes back everything that a listing recorded which came to no end. */
export const undoListing = async (target: StepTarget, listing: OpenListing): Promise<void> => {
  await reopenVersions(target, listing);
  await removeEndings(target, listing);
  await removeTotals(target, listing.series, listing.sequence);
  await removeAllFrom(target, listing.series, listing.first);
  await removePendingBroken(target, listing.series);
  await closeListing(target, listing.series);
  await clearIfEmpty(target, listing.series, await neighboursOf(target, listing.series, listing.sequence));
};
