import type { StepTarget } from '@cyborgbackup/projections';
import { NOT_ENDED } from '@cyborgbackup/read-models';
import { plainArray, textArray } from './sql-arrays.ts';

/** New entries of a listing, by column. */
export interface NewVersions {
  readonly series: number;
  readonly sequence: number;
  readonly numbers: readonly number[];
  readonly folders: readonly number[];
  readonly names: readonly number[];
  readonly attributes: readonly number[];
  readonly sizes: readonly number[];
  /** Microseconds since 1970. */
  readonly mtimes: readonly number[];
  readonly fingerprints: readonly string[];
  readonly targets: readonly (string | null)[];
  readonly rawTargets: readonly (string | null)[];
}

export const insertVersions = async ({ client, schema }: StepTarget, rows: NewVersions): Promise<void> => {
  await client.query(
    `insert into ${schema}.entries (series_id, number, folder_id, name_id, attributes_id, first_archive, last_archive, size,
                                    mtime, fingerprint, target, target_raw)
     select $1, number, folder, name, attributes, $2, ${NOT_ENDED}, size,
            timestamptz 'epoch' + mtime * interval '1 microsecond', fingerprint, target, target_raw
       from unnest($3::int4[], $4::int4[], $5::int4[], $6::int4[], $7::int8[], $8::int8[], $9::uuid[], $10::text[],
                   $11::text[])
            as given(number, folder, name, attributes, size, mtime, fingerprint, target, target_raw)`,
    [
      rows.series,
      rows.sequence,
      plainArray(rows.numbers),
      plainArray(rows.folders),
      plainArray(rows.names),
      plainArray(rows.attributes),
      plainArray(rows.sizes),
      plainArray(rows.mtimes),
      plainArray(rows.fingerprints),
      textArray(rows.targets),
      textArray(rows.rawTargets),
    ],
  );
};
