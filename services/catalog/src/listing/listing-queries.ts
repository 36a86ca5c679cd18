import { hasPath, NOT_ENDED } from '@cyborgbackup/read-models';
import type { Pool } from 'pg';
import type { CurrentListing } from '../fold/listing-step.ts';
import { voidListing } from '../series/decider.ts';
import { plainArray, storedText, storedTextArrays } from '../tables/column-values.ts';

/** @throws AppError `conflict` for a listing that is void */
export const findCurrentListing = async (
  pool: Pool,
  { series, listing }: { readonly series: string; readonly listing: string },
): Promise<CurrentListing> => {
  const { rows } = await pool.query<CurrentListing>({
    name: 'catalog-find-listing',
    text: `select id as series_id, sequence, next_number, previous_entries
             from catalog.archive_series where uuid = $1 and listing = $2`,
    values: [series, listing],
  });
  const [row] = rows;
  if (!row) throw voidListing();
  return row;
};

/** The ids of folders; null for those that the series does not have. */
const findFolders = async (
  pool: Pool,
  { series_id }: CurrentListing,
  folders: readonly string[],
): Promise<readonly (number | null)[]> => {
  const { rows } = await pool.query<{ ids: (number | null)[] | null }>(
    `select array_agg(known.id order by given.at) as ids
       from unnest($2::text[], $3::text[]) with ordinality as given(path, raw, at)
            left join lateral (
              select f.id from catalog.folders f
               where f.series_id = $1 and ${hasPath('f', 'given.path', 'given.raw')}
              offset 0
            ) known on true`,
    [series_id, ...storedTextArrays(folders.map(storedText))],
  );
  return rows[0]?.ids ?? [];
};

/**
 * Which of these entries the listing before had; several times for one that it had several times.
 *
 * @param folders paths, with the slash at their end
 * @param folder by entry, the position of its folder
 * @param fingerprints by entry
 * @returns numbers, each with the position of the entry that was asked for
 */
export const findEntries = async (
  pool: Pool,
  listing: CurrentListing,
  {
    folders,
    folder,
    fingerprints,
  }: Readonly<{ folders: readonly string[]; folder: readonly number[]; fingerprints: readonly string[] }>,
): Promise<readonly { readonly at: number; readonly number: number }[]> => {
  const ids = await findFolders(pool, listing, folders);
  const { rows } = await pool.query<{ at: number[] | null; numbers: number[] | null }>(
    `select array_agg(given.at::int4 order by given.at, e.number) as at,
            array_agg(e.number order by given.at, e.number) as numbers
       from unnest($2::int4[], $3::uuid[]) with ordinality as given(folder, fingerprint, at)
            cross join lateral (
              select number from catalog.entries
               where series_id = $1 and folder_id = given.folder and fingerprint = given.fingerprint
                 and last_archive = ${NOT_ENDED} and number < $4
              offset 0
            ) e`,
    [
      listing.series_id,
      plainArray(folder.map((at) => ids[at] ?? 'NULL')),
      plainArray(fingerprints),
      listing.next_number,
    ],
  );
  const numbers = rows[0]?.numbers ?? [];
  return (rows[0]?.at ?? []).map((at, index) => ({ at: at - 1, number: numbers[index] ?? -1 }));
};

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
 * are among them, so that the same question again has the same answer.
 */
export const findUnseen = async (
  pool: Pool,
  { series_id, sequence, next_number }: CurrentListing,
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
    [series_id, from, Math.min(to, next_number), sequence, seen, origin, limit],
  );
  return rows[0]?.numbers ?? [];
};
