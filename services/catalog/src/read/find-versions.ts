import type { Pool } from 'pg';
import type { CurrentListing } from './find-listing.ts';
import { NOT_ENDED } from './models/versions.ts';

/** An entry of the listing before, by the position of the fingerprint that was asked for. */
export interface FoundVersion {
  readonly at: number;
  readonly number: number;
}

/** Which of these entries the listing before had; several times for one that it had several times. */
export const findVersions = async (
  pool: Pool,
  { id, next }: CurrentListing,
  fingerprints: readonly string[],
): Promise<readonly FoundVersion[]> => {
  const { rows } = await pool.query<{ at: number[] | null; numbers: number[] | null }>(
    `select array_agg(given.at::int4 order by given.at, v.number) as at,
            array_agg(v.number order by given.at, v.number) as numbers
       from unnest($2::uuid[]) with ordinality as given(fingerprint, at)
            cross join lateral (
              select number from catalog.versions
               where series = $1 and fingerprint = given.fingerprint and last_seq = ${NOT_ENDED} and number < $3
              offset 0
            ) v`,
    [id, `{${fingerprints.join(',')}}`, next],
  );
  const numbers = rows[0]?.numbers ?? [];
  return (rows[0]?.at ?? []).map((at, index) => ({ at: at - 1, number: numbers[index] ?? -1 }));
};
