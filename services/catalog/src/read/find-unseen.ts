import { NOT_ENDED } from '@cyborgbackup/read-models';
import type { Pool } from 'pg';
import type { CurrentListing } from './find-listing.ts';

/** A range of numbers, and a bit for each of them that was seen. */
export interface SeenRange {
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
  /** The lowest bit of each byte first; empty when none was seen. */
  readonly seen: Buffer;
  /** The number that the first bit stands for. */
  readonly origin: number;
}

/**
 * The next numbers of entries which the listing before had and this one has not. Those that this listing has ended already
 * are among them, so that asking again gives the same answer.
 */
export const findUnseen = async (
  pool: Pool,
  { id, sequence, next_number }: CurrentListing,
  { from, to, seen, origin }: SeenRange,
  limit: number,
): Promise<readonly number[]> => {
  const { rows } = await pool.query<{ numbers: number[] | null }>(
    `select array_agg(number) as numbers from (
       select number from catalog.entries
        where series_id = $1 and number >= $2 and number < $3 and last_archive in (${NOT_ENDED}, $4 - 1)
          and (length($5::bytea) = 0 or get_bit($5::bytea, (number - $6::int4)::int8) = 0)
        order by number limit $7
     ) unseen`,
    [id, from, Math.min(to, next_number), sequence, seen, origin, limit],
  );
  return rows[0]?.numbers ?? [];
};
