import type { EventDefinition } from '@cyborgbackup/kernel';
import type { ProjectionStep, StepTarget } from '@cyborgbackup/projections';
import type { ArchiveSeriesRow } from '@cyborgbackup/read-models';

/** A series with its listing that is in progress. Entries whose number is `next_number` or more belong to this listing alone. */
export type CurrentListing = Pick<ArchiveSeriesRow, 'sequence' | 'next_number' | 'previous_entries'> & {
  readonly series_id: number;
};

/** A step for events of one definition. The codec has validated and upcast them, so their data is what the definition says. */
export const typedStep =
  <Data>(
    _definition: EventDefinition<string, Data>,
    step: (target: StepTarget, data: Data, occurredAt: string) => Promise<void>,
  ): ProjectionStep =>
  (target, event) =>
    step(target, event.data as Data, event.metadata.occurredAt);

/** Undefined until a first listing of the series begins. */
export const findSeries = async (
  { client, schema }: StepTarget,
  uuid: string,
): Promise<(CurrentListing & Pick<ArchiveSeriesRow, 'listing'>) | undefined> => {
  const { rows } = await client.query<CurrentListing & Pick<ArchiveSeriesRow, 'listing'>>(
    `select id as series_id, sequence, next_number, previous_entries, listing
       from ${schema}.archive_series where uuid = $1`,
    [uuid],
  );
  return rows[0];
};

/** A step for events of a listing. Those of a void listing, which another one has replaced, change nothing. */
export const listingStep = <Data extends { readonly series: string; readonly listing: string }>(
  definition: EventDefinition<string, Data>,
  step: (target: StepTarget, listing: CurrentListing, data: Data) => Promise<void>,
): ProjectionStep =>
  typedStep(definition, async (target, data) => {
    const series = await findSeries(target, data.series);
    if (series?.listing === data.listing) await step(target, series, data);
  });
