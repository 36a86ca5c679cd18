import { catalogListingAbandoned, catalogListingStarted } from '@cyborgbackup/contracts';
import type { StepTarget } from '@cyborgbackup/projections';
import { removePendingBroken } from './broken-entries.ts';
import { reopenEntries } from './end-entries.ts';
import { removeTotals } from './folder-totals.ts';
import { clearIfEmpty, findNeighbours, removeEntriesFrom } from './garbage-collect.ts';
import { findSeries, listingStep, typedStep, type CurrentListing } from './listing-step.ts';

/** Undoes everything that an unfinished listing has recorded. */
const undoListing = async (target: StepTarget, listing: CurrentListing): Promise<void> => {
  const { series_id, sequence } = listing;
  await reopenEntries(target, listing);
  await removeTotals(target, listing);
  await removeEntriesFrom(target, series_id, listing.next_number);
  await removePendingBroken(target, series_id);
  await target.client.query(`update ${target.schema}.archive_series set listing = null where id = $1`, [series_id]);
  await clearIfEmpty(target, series_id, await findNeighbours(target, series_id, sequence));
};

/** Adds a series without entries. */
const insertSeries = async ({ client, schema }: StepTarget, uuid: string): Promise<number> => {
  const { rows } = await client.query<{ id: number }>(
    `insert into ${schema}.archive_series (id, uuid, sequence, next_number, previous_entries, listing)
     select coalesce(max(id), 0) + 1, $1, 0, 0, 0, null from ${schema}.archive_series returning id`,
    [uuid],
  );
  return rows[0]?.id ?? 0;
};

/** A series has one listing in progress at most: what an earlier one has left unfinished is undone. */
export const beginListing = typedStep(catalogListingStarted, async (target, { series, listing, sequence }) => {
  const row = await findSeries(target, series);
  if (row?.listing) await undoListing(target, row);
  const seriesId = row?.series_id ?? (await insertSeries(target, series));
  await target.client.query(`update ${target.schema}.archive_series set listing = $2, sequence = $3 where id = $1`, [
    seriesId,
    listing,
    sequence,
  ]);
});

export const abandonListing = listingStep(catalogListingAbandoned, undoListing);
