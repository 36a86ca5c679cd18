import type { ArchiveSeriesRow } from '@cyborgbackup/read-models';
import type { Pool } from 'pg';
import { voidListing } from '../series/decider.ts';

/** The series of a listing that is under way. */
export type CurrentListing = Pick<ArchiveSeriesRow, 'id' | 'sequence' | 'next_number' | 'previous_entries'>;

/** @throws AppError `conflict` for a listing that is void */
export const findListing = async (
  pool: Pool,
  { series, attempt }: { readonly series: string; readonly attempt: string },
): Promise<CurrentListing> => {
  const { rows } = await pool.query<CurrentListing>({
    name: 'catalog-find-listing',
    text: 'select id, sequence, next_number, previous_entries from catalog.archive_series where uuid = $1 and listing = $2',
    values: [series, attempt],
  });
  const [row] = rows;
  if (!row) throw voidListing();
  return row;
};
