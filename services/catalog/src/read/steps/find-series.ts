import type { StepTarget } from '@cyborgbackup/projections';
import type { ArchiveSeriesRow } from '@cyborgbackup/read-models';

/** The listing of a series that is under way. */
export interface OpenListing {
  readonly series: number;
  readonly sequence: number;
  /** Numbers from here on are of this listing alone. */
  readonly first: number;
  /** Entries of the listing before. */
  readonly previousEntries: number;
}

export type SeriesRow = Omit<ArchiveSeriesRow, 'uuid'>;

/** Undefined until a first listing of the series begins. */
export const findSeries = async ({ client, schema }: StepTarget, uuid: string): Promise<SeriesRow | undefined> => {
  const { rows } = await client.query<SeriesRow>(
    `select id, sequence, next_number, previous_entries, listing from ${schema}.archive_series where uuid = $1`,
    [uuid],
  );
  return rows[0];
};

/** @param row of a series with a listing under way */
export const openListingOf = ({ id, sequence, next_number, previous_entries }: SeriesRow): OpenListing => ({
  series: id,
  sequence,
  first: next_number,
  previousEntries: previous_entries,
});

/** Undefined for a listing that is void: what it has to tell never happened. */
export const findListing = async (
  target: StepTarget,
  { series, attempt }: { readonly series: string; readonly attempt: string },
): Promise<OpenListing | undefined> => {
  const row = await findSeries(target, series);
  return row?.listing === attempt ? openListingOf(row) : undefined;
};
