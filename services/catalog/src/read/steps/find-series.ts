import type { StepTarget } from '@cyborgbackup/projections';

/** The listing of a series that is under way. */
export interface OpenListing {
  readonly series: number;
  readonly sequence: number;
  /** Numbers from here on are of this listing alone. */
  readonly first: number;
  /** Entries of the listing before. */
  readonly open: number;
}

export interface SeriesRow {
  readonly id: number;
  readonly sequence: number;
  readonly next: number;
  readonly open: number;
  readonly listing: string | null;
}

/** Undefined until a first listing of the series begins. */
export const findSeries = async ({ client, schema }: StepTarget, uuid: string): Promise<SeriesRow | undefined> => {
  const { rows } = await client.query<SeriesRow>(
    `select id, sequence, next, open, listing from ${schema}.series where uuid = $1`,
    [uuid],
  );
  return rows[0];
};

/** @param row of a series with a listing under way */
export const openListingOf = ({ id, sequence, next, open }: SeriesRow): OpenListing => ({
  series: id,
  sequence,
  first: next,
  open,
});

/** Undefined for a listing that is void: what it has to tell never happened. */
export const findListing = async (
  target: StepTarget,
  { series, listing }: { readonly series: string; readonly listing: string },
): Promise<OpenListing | undefined> => {
  const row = await findSeries(target, series);
  return row?.listing === listing ? openListingOf(row) : undefined;
};
