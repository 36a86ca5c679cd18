import type { StepTarget } from '@cyborgbackup/projections';

/** What a completed listing tells of its series and archive. */
export interface CompletedListing {
  readonly series: number;
  readonly job: string;
  readonly sequence: number;
  readonly next: number;
  readonly idBase: number;
  readonly entries: number;
}

/** The next listing is compared with this one. */
export const settleSeries = async (
  { client, schema }: StepTarget,
  { series, next, entries }: CompletedListing,
): Promise<void> => {
  await client.query(
    `update ${schema}.archive_series set listing = null, next_number = $2, previous_entries = $3 where id = $1`,
    [series, next, entries],
  );
};

/** The archive shows what this listing found; unless it is gone by now. */
export const showArchive = async (
  { client, schema }: StepTarget,
  { series, job, sequence, next, idBase, entries }: CompletedListing,
): Promise<void> => {
  await client.query(
    `update ${schema}.archives
        set series_id = $2, sequence = $3, next_number = $4, id_base = $5, entries = $6, complete = true,
            healthy = not damaged and not exists (select from ${schema}.pending_broken_entries where series_id = $2)
      where job_uuid = $1 and not removed`,
    [job, series, sequence, next, idBase, entries],
  );
};

/**
 * What this listing found broken takes the place of what was known of the archive's entries. What a check found was about the
 * entries of an earlier listing: that the archive is damaged stays known, and the next check names its files again.
 */
export const replaceBroken = async (
  { client, schema }: StepTarget,
  { series, job }: CompletedListing,
): Promise<void> => {
  await client.query(`delete from ${schema}.broken_entries where job_uuid = $1`, [job]);
  await client.query(
    `insert into ${schema}.broken_entries (job_uuid, number, found_by)
     select job_uuid, number, 'listing' from ${schema}.pending_broken_entries, ${schema}.archives
      where pending_broken_entries.series_id = $1 and job_uuid = $2 and not removed`,
    [series, job],
  );
  await client.query(`delete from ${schema}.pending_broken_entries where series_id = $1`, [series]);
};

/** Where an archive's listing is, if it was listed before. */
export interface ShownListing {
  readonly series: number;
  readonly sequence: number;
}

export const findShown = async ({ client, schema }: StepTarget, job: string): Promise<ShownListing | undefined> => {
  const { rows } = await client.query<ShownListing>(
    `select series_id as series, sequence from ${schema}.archives where job_uuid = $1 and series_id is not null`,
    [job],
  );
  return rows[0];
};
