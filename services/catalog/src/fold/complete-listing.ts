import { catalogListingCompleted } from '@cyborgbackup/contracts';
import type { StepTarget } from '@cyborgbackup/projections';
import { removeBroken, removePendingBroken } from './broken-entries.ts';
import { rollUpListing } from './folder-totals.ts';
import { findFormerListing, garbageCollect, garbageCollectBefore } from './garbage-collect.ts';
import { listingStep } from './listing-step.ts';

/**
 * Replaces the broken entries of an archive by those that a complete listing found. What a check found was about the entries
 * of an earlier listing: that the archive is damaged stays known, and the next check names its files again.
 */
const replaceBroken = async (target: StepTarget, seriesId: number, job: string): Promise<void> => {
  const { client, schema } = target;
  await removeBroken(target, job);
  await client.query(
    `insert into ${schema}.broken_entries (job_uuid, number, found_by)
     select job_uuid, number, 'listing' from ${schema}.pending_broken_entries, ${schema}.archives
      where pending_broken_entries.series_id = $1 and job_uuid = $2 and not removed`,
    [seriesId, job],
  );
  await removePendingBroken(target, seriesId);
};

/** From here on the archive has the entries that this listing found, unless it was removed meanwhile. */
export const completeListing = listingStep(catalogListingCompleted, async (target, listing, data) => {
  const { client, schema } = target;
  const { series_id } = listing;
  const { job, sequence, next_number, id_base, entries, unsafe } = data;
  const former = await findFormerListing(target, job);
  if (listing.previous_entries > 0) await rollUpListing(target, listing, next_number);
  await client.query(
    `update ${schema}.archive_series set listing = null, next_number = $2, previous_entries = $3 where id = $1`,
    [series_id, next_number, entries],
  );
  await client.query(
    `update ${schema}.archives
        set series_id = $2, sequence = $3, next_number = $4, id_base = $5, entries = $6, complete = true, unsafe = $7,
            healthy = not damaged and not exists (select from ${schema}.pending_broken_entries where series_id = $2)
      where job_uuid = $1 and not removed`,
    [job, series_id, sequence, next_number, id_base, entries, unsafe],
  );
  await replaceBroken(target, series_id, job);
  await garbageCollectBefore(target, { series_id, sequence });
  if (former) await garbageCollect(target, former);
});
