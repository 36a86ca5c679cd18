import type { StepTarget } from '@cyborgbackup/projections';
import { isListed, NOT_ENDED } from '@cyborgbackup/read-models';
import { deleteEntriesFrom, deleteEntriesWithin, deleteUnused } from './delete-entries.ts';
import { mergeTotals, type SequenceRange } from './folder-totals.ts';

/*
 * What no archive needs any more is deleted when an archive is removed. An entry is in the archives of its series whose
 * sequence is from its first to its last, and an entry that has not ended is part of what the next listing is compared with.
 * So, when an archive between two others is removed, only entries can go that began after the one and ended before the other;
 * and these are among the entries that ended with a listing of that range (`ended_entries`). The model-based test in
 * `catalog-model.int.test.ts` holds that nothing is kept that no archive has. See docs/decisions/0008-the-catalog-grows-with-change.md.
 */

/** The archives of a series that are left around one of its listings, by sequence. */
interface Neighbours {
  /** The nearest before it; 0 when there is none. */
  readonly before: number;
  /** The nearest after it. */
  readonly after: number | null;
  /** The first of all. */
  readonly oldest: number | null;
}

export const findNeighbours = async (
  { client, schema }: StepTarget,
  seriesId: number,
  sequence: number,
): Promise<Neighbours> => {
  const { rows } = await client.query<Neighbours>(
    `select coalesce(max(sequence) filter (where sequence < $2), 0) as before,
            min(sequence) filter (where sequence > $2) as after,
            min(sequence) as oldest
       from ${schema}.archives a where series_id = $1 and ${isListed('a')}`,
    [seriesId, sequence],
  );
  return rows[0] ?? { before: 0, after: null, oldest: null };
};

/** Numbers of entries that ended within a range, some thousand at a time; those of a listing in progress may be undone yet. */
const findEnded = async (
  { client, schema }: StepTarget,
  { seriesId, after, until }: SequenceRange,
): Promise<readonly { readonly numbers: number[] }[]> => {
  const { rows } = await client.query<{ numbers: number[] }>(
    `select e.numbers from ${schema}.ended_entries e join ${schema}.archive_series s on s.id = e.series_id
      where e.series_id = $1 and e.sequence > $2 + 1 and e.sequence <= $3
        and (s.listing is null or e.sequence < s.sequence)
      order by e.sequence, e.part`,
    [seriesId, after, until],
  );
  return rows;
};

/** Entries that ended before the oldest archive that is left are deleted already. */
const removeOldEnded = async ({ client, schema }: StepTarget, seriesId: number, oldest: number): Promise<void> => {
  await client.query(`delete from ${schema}.ended_entries where series_id = $1 and sequence <= $2`, [seriesId, oldest]);
};

const removeWithin = async (target: StepTarget, range: SequenceRange): Promise<void> => {
  for (const { numbers } of await findEnded(target, range)) {
    await deleteUnused(target, range.seriesId, await deleteEntriesWithin(target, range, numbers));
  }
};

const CHUNK = 20_000;

/** Removes all entries of a series from a number on, with the names and folders that only they needed. */
export const removeEntriesFrom = async (target: StepTarget, seriesId: number, firstNumber: number): Promise<void> => {
  for (;;) {
    const leftovers = await deleteEntriesFrom(target, seriesId, firstNumber, CHUNK);
    if (leftovers.names.length === 0) return;
    await deleteUnused(target, seriesId, leftovers);
  }
};

const isListingInProgress = async ({ client, schema }: StepTarget, seriesId: number): Promise<boolean> => {
  const { rowCount } = await client.query(
    `select from ${schema}.archive_series where id = $1 and listing is not null`,
    [seriesId],
  );
  return rowCount === 1;
};

/** Clears a series without any archive left, unless a listing in progress is being compared with its entries. */
export const clearIfEmpty = async (target: StepTarget, seriesId: number, { oldest }: Neighbours): Promise<boolean> => {
  if (oldest !== null || (await isListingInProgress(target, seriesId))) return false;
  const { client, schema } = target;
  await removeEntriesFrom(target, seriesId, 0);
  for (const table of ['ended_entries', 'folder_totals', 'folders']) {
    await client.query(`delete from ${schema}.${table} where series_id = $1`, [seriesId]);
  }
  await client.query(`update ${schema}.archive_series set previous_entries = 0 where id = $1`, [seriesId]);
  return true;
};

/** Where the entries of an archive were, before it was removed or listed again. */
export interface FormerListing {
  readonly series_id: number;
  readonly sequence: number;
}

export const findFormerListing = async (
  { client, schema }: StepTarget,
  job: string,
): Promise<FormerListing | undefined> => {
  const { rows } = await client.query<FormerListing>(
    `select series_id, sequence from ${schema}.archives where job_uuid = $1 and series_id is not null`,
    [job],
  );
  return rows[0];
};

/** Removes what only this listing of an archive needed, once the archive is removed or has been listed again. */
export const garbageCollect = async (target: StepTarget, { series_id, sequence }: FormerListing): Promise<void> => {
  const left = await findNeighbours(target, series_id, sequence);
  if (await clearIfEmpty(target, series_id, left)) return;
  const range = { seriesId: series_id, after: left.before, until: left.after ?? NOT_ENDED };
  await removeWithin(target, range);
  if (left.after !== null) await mergeTotals(target, range, sequence);
  if (left.oldest !== null) await removeOldEnded(target, series_id, left.oldest);
};

/** Removes what only archives needed that were removed while this listing was in progress. */
export const garbageCollectBefore = async (
  target: StepTarget,
  { series_id, sequence }: FormerListing,
): Promise<void> => {
  const left = await findNeighbours(target, series_id, sequence);
  if (left.before === sequence - 1) return;
  const range = { seriesId: series_id, after: left.before, until: sequence };
  await removeWithin(target, range);
  await mergeTotals(target, range, sequence - 1);
};
