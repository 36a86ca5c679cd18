import { hasPath, NOT_ENDED } from '@cyborgbackup/read-models';
import type { Pool } from 'pg';
import type { CurrentListing } from './find-listing.ts';
import { pathForms } from './steps/path-forms.ts';
import { plainArray, textArray } from './steps/sql-arrays.ts';

/** Entries that are asked for. */
export interface AskedEntries {
  /** With their slash. */
  readonly folders: readonly string[];
  /** By entry, the position of its folder. */
  readonly folder: readonly number[];
  /** By entry. */
  readonly fingerprints: readonly string[];
}

/** An entry of the listing before, by the position of the one that was asked for. */
export interface FoundVersion {
  readonly at: number;
  readonly number: number;
}

/** The ids of folders; null for those that the series does not have. */
const findFolders = async (
  pool: Pool,
  { id }: CurrentListing,
  folders: readonly string[],
): Promise<readonly (number | null)[]> => {
  const forms = folders.map(pathForms);
  const { rows } = await pool.query<{ ids: (number | null)[] | null }>(
    `select array_agg(known.id order by given.at) as ids
       from unnest($2::text[], $3::text[]) with ordinality as given(path, raw, at)
            left join lateral (
              select f.id from catalog.folders f
               where f.series_id = $1 and ${hasPath('f', 'given.path', 'given.raw')}
              offset 0
            ) known on true`,
    [id, textArray(forms.map(({ text }) => text)), textArray(forms.map(({ raw }) => raw))],
  );
  return rows[0]?.ids ?? [];
};

/** Which of these entries the listing before had; several times for one that it had several times. */
export const findVersions = async (
  pool: Pool,
  listing: CurrentListing,
  { folders, folder, fingerprints }: AskedEntries,
): Promise<readonly FoundVersion[]> => {
  const ids = await findFolders(pool, listing, folders);
  const { rows } = await pool.query<{ at: number[] | null; numbers: number[] | null }>(
    `select array_agg(given.at::int4 order by given.at, v.number) as at,
            array_agg(v.number order by given.at, v.number) as numbers
       from unnest($2::int4[], $3::uuid[]) with ordinality as given(folder, fingerprint, at)
            cross join lateral (
              select number from catalog.entries
               where series_id = $1 and folder_id = given.folder and fingerprint = given.fingerprint
                 and last_archive = ${NOT_ENDED} and number < $4
              offset 0
            ) v`,
    [listing.id, plainArray(folder.map((at) => ids[at] ?? 'NULL')), plainArray(fingerprints), listing.next_number],
  );
  const numbers = rows[0]?.numbers ?? [];
  return (rows[0]?.at ?? []).map((at, index) => ({ at: at - 1, number: numbers[index] ?? -1 }));
};
