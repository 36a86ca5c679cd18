import type { Pool } from 'pg';
import { voidListing } from '../series/decider.ts';

/** A listing that is under way, as the tables have it. */
export interface CurrentListing {
  /** The series' number. */
  readonly id: number;
  readonly sequence: number;
  /** The number of the first new entry. */
  readonly next: number;
  /** Entries of the listing before. */
  readonly open: number;
}

/** @throws AppError `conflict` for a listing that is void */
export const findListing = async (
  pool: Pool,
  { series, listing }: { readonly series: string; readonly listing: string },
): Promise<CurrentListing> => {
  const { rows } = await pool.query<CurrentListing>({
    name: 'catalog-find-listing',
    text: 'select id, sequence, next, open from catalog.series where uuid = $1 and listing = $2',
    values: [series, listing],
  });
  const [row] = rows;
  if (!row) throw voidListing();
  return row;
};
