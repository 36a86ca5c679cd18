import type { StepTarget } from '@cyborgbackup/projections';
import { NOT_ENDED } from '@cyborgbackup/read-models';
import { neighboursOf, type Neighbours } from './archives-left.ts';
import { mergeTotals } from './folder-sums.ts';
import { removeUnused } from './remove-unused.ts';
import { removeVersionsFrom, removeVersionsWithin } from './remove-versions.ts';

/*
 * What no archive holds any more is removed as archives go. An entry is held by the archives of its series whose sequence is
 * from its first to its last, and an entry that has not ended is part of what the next listing is compared with. So, when an
 * archive between two others goes, only entries can go that began after the one and ended before the other; and these are
 * among the entries that ended with a listing of that stretch, which are noted (`ended_entries`).
 */

interface Gap {
  readonly series: number;
  /** Sequence of the archive before it, or 0. */
  readonly after: number;
  /** Sequence of the archive that ends it, or what stands for none. */
  readonly before: number;
}

/** Numbers of entries that ended within a gap, some thousand at a time; a listing under way may still be void. */
const endedWithin = async (
  { client, schema }: StepTarget,
  { series, after, before }: Gap,
): Promise<readonly { readonly numbers: number[] }[]> => {
  const { rows } = await client.query<{ numbers: number[] }>(
    `select e.numbers from ${schema}.ended_entries e join ${schema}.archive_series s on s.id = e.series_id
      where e.series_id = $1 and e.sequence > $2 + 1 and e.sequence <= $3
        and (s.listing is null or e.sequence < s.sequence)
      order by e.sequence, e.part`,
    [series, after, before],
  );
  return rows;
};

/** Notes of what ended before the oldest archive that is left are of no more use. */
const removeOldEndings = async ({ client, schema }: StepTarget, series: number, oldest: number): Promise<void> => {
  await client.query(`delete from ${schema}.ended_entries where series_id = $1 and sequence <= $2`, [series, oldest]);
};

const removeWithin = async (target: StepTarget, gap: Gap): Promise<void> => {
  for (const { numbers } of await endedWithin(target, gap)) {
    await removeUnused(target, gap.series, await removeVersionsWithin(target, gap, numbers));
  }
};

const CHUNK = 20_000;

/** Removes all entries of a series from a number on, with what only they needed. */
export const removeAllFrom = async (target: StepTarget, series: number, first: number): Promise<void> => {
  for (;;) {
    const leftovers = await removeVersionsFrom(target, series, first, CHUNK);
    if (!leftovers) return;
    await removeUnused(target, series, leftovers);
  }
};

const clearSeries = async (target: StepTarget, series: number): Promise<void> => {
  const { client, schema } = target;
  await removeAllFrom(target, series, 0);
  for (const table of ['ended_entries', 'folder_totals', 'folders']) {
    await client.query(`delete from ${schema}.${table} where series_id = $1`, [series]);
  }
  await client.query(`update ${schema}.archive_series set previous_entries = 0 where id = $1`, [series]);
};

const isListing = async ({ client, schema }: StepTarget, series: number): Promise<boolean> => {
  const { rowCount } = await client.query(
    `select from ${schema}.archive_series where id = $1 and listing is not null`,
    [series],
  );
  return rowCount === 1;
};

/** Without any archive left, the series is cleared; unless a listing under way is being compared with what is there. */
export const clearIfEmpty = async (target: StepTarget, series: number, { oldest }: Neighbours): Promise<boolean> => {
  if (oldest !== null || (await isListing(target, series))) return false;
  await clearSeries(target, series);
  return true;
};

/** Removes what only this archive held, once it is gone, or has been listed anew. */
export const collectArchive = async (target: StepTarget, series: number, sequence: number): Promise<void> => {
  const left = await neighboursOf(target, series, sequence);
  if (await clearIfEmpty(target, series, left)) return;
  await removeWithin(target, { series, after: left.before, before: left.after ?? NOT_ENDED });
  if (left.after !== null) {
    await mergeTotals(target, { series, after: left.before, upto: left.after }, sequence);
  }
  if (left.oldest !== null) await removeOldEndings(target, series, left.oldest);
};

/** Removes what only archives held that went before this listing was completed. */
export const collectBefore = async (target: StepTarget, series: number, sequence: number): Promise<void> => {
  const left = await neighboursOf(target, series, sequence);
  if (left.before === sequence - 1) return;
  await removeWithin(target, { series, after: left.before, before: sequence });
  await mergeTotals(target, { series, after: left.before, upto: sequence }, sequence - 1);
};
