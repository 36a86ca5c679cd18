import type { StepTarget } from '@cyborgbackup/projections';
import { NOT_ENDED } from '@cyborgbackup/read-models';
import type { OpenListing } from './find-series.ts';
import { plainArray } from './sql-arrays.ts';

/** Ends entries with the listing before this one. */
export const endVersions = async (
  { client, schema }: StepTarget,
  { series, sequence }: OpenListing,
  numbers: readonly number[],
): Promise<void> => {
  await client.query(
    `update ${schema}.entries set last_archive = $2 - 1
      where series_id = $1 and number = any ($3::int4[]) and last_archive = ${NOT_ENDED}`,
    [series, sequence, plainArray(numbers)],
  );
};

/** Notes which entries ended with a listing. */
export const insertEnding = async (
  { client, schema }: StepTarget,
  { series, sequence }: OpenListing,
  part: number,
  numbers: readonly number[],
): Promise<void> => {
  await client.query(
    `insert into ${schema}.ended_entries (series_id, sequence, part, numbers) values ($1, $2, $3, $4::int4[])`,
    [series, sequence, part, plainArray(numbers)],
  );
};
