import { catalogEntriesRemoved } from '@cyborgbackup/contracts';
import type { StepTarget } from '@cyborgbackup/projections';
import { NOT_ENDED } from '@cyborgbackup/read-models';
import { plainArray } from '../tables/column-values.ts';
import { listingStep, type CurrentListing } from './listing-step.ts';

/** Entries that the listing did not find end with the listing before it, and are noted in `ended_entries`. */
export const endEntries = listingStep(
  catalogEntriesRemoved,
  async ({ client, schema }, { series_id, sequence }, { part, numbers }) => {
    const ended = plainArray(numbers);
    await client.query(
      `update ${schema}.entries set last_archive = $2 - 1
        where series_id = $1 and number = any ($3::int4[]) and last_archive = ${NOT_ENDED}`,
      [series_id, sequence, ended],
    );
    await client.query(
      `insert into ${schema}.ended_entries (series_id, sequence, part, numbers) values ($1, $2, $3, $4::int4[])`,
      [series_id, sequence, part, ended],
    );
  },
);

/** Undoes what a listing ended. */
export const reopenEntries = async (
  { client, schema }: StepTarget,
  { series_id, sequence }: CurrentListing,
): Promise<void> => {
  await client.query(
    `update ${schema}.entries e set last_archive = ${NOT_ENDED}
       from ${schema}.ended_entries batch, unnest(batch.numbers) as ended(number)
      where batch.series_id = $1 and batch.sequence = $2 and e.series_id = $1 and e.number = ended.number and e.last_archive = $2 - 1`,
    [series_id, sequence],
  );
  await client.query(`delete from ${schema}.ended_entries where series_id = $1 and sequence = $2`, [
    series_id,
    sequence,
  ]);
};
