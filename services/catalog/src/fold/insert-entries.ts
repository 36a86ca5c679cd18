import type { StepTarget } from '@cyborgbackup/projections';
import { NOT_ENDED } from '@cyborgbackup/read-models';
import { plainArray, storedTextArrays, type StoredText } from '../tables/column-values.ts';
import type { CurrentListing } from './listing-step.ts';

/** New entries of a listing, by column. */
export interface EntryColumns {
  readonly numbers: readonly number[];
  readonly sizes: readonly number[];
  /** Microseconds since 1970. */
  readonly mtimes: readonly number[];
  readonly fingerprints: readonly string[];
  readonly targets: readonly (StoredText | null)[];
}

/** Inserts entries that begin with this listing. @param ids of their folders, names and attributes */
export const insertEntries = async (
  { client, schema }: StepTarget,
  { series_id, sequence }: CurrentListing,
  columns: EntryColumns,
  ids: Readonly<Record<'folders' | 'names' | 'attributes', readonly number[]>>,
): Promise<void> => {
  await client.query(
    `insert into ${schema}.entries (series_id, number, folder_id, name_id, attributes_id, first_archive, last_archive, size,
                                    mtime, fingerprint, target, target_raw)
     select $1, number, folder, name, attributes, $2, ${NOT_ENDED}, size,
            timestamptz 'epoch' + mtime * interval '1 microsecond', fingerprint, target, target_raw
       from unnest($3::int4[], $4::int4[], $5::int4[], $6::int4[], $7::int8[], $8::int8[], $9::uuid[], $10::text[],
                   $11::text[])
            as given(number, folder, name, attributes, size, mtime, fingerprint, target, target_raw)`,
    [
      series_id,
      sequence,
      plainArray(columns.numbers),
      plainArray(ids.folders),
      plainArray(ids.names),
      plainArray(ids.attributes),
      plainArray(columns.sizes),
      plainArray(columns.mtimes),
      plainArray(columns.fingerprints),
      ...storedTextArrays(columns.targets),
    ],
  );
};
