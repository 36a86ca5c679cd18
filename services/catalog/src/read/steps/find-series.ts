import type { StepTarget } from '@cyborgbackup/projections';

/** The listing of a series that is under way. */
export interface OpenListing {
  readonly series: number;
  readonly sequence: number;
  /** Numbers from here on are of this listing alone. */
  readonly first: number;
}

interface SeriesRow {
  readonly id: number;
  readonly sequence: number;
  readonly next: number;
  readonly listing: string | null;
}

/** Undefined until a first listing of the series begins. */
export const findSeries = async ({ client, schema }: StepTarget, uuid: string): Promise<SeriesRow | undefined> => {
  const { rows } = await client.query<SeriesRow>(
    `select id, sequence, next, listing from ${schema}.series where uuid = $1`,
    [uuid],
  );
  return rows[0];
};

/** Undefined for a listing that is void: what it has to tell never happened. */
export const findListing = async (
  target: StepTarget,
  { series, attempt }: { readonly series: string; readonly attempt: string },
): Promise<OpenListing | undefined> => {
  const row = await findSeries(target, series);
  return row?.listing === attempt ? { series: row.id, sequence: row.sequence, first: row.next } : undefined;
};
