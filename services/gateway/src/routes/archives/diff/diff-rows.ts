import type { StoredPath } from '@cyborgbackup/contracts';
import { attributesOf, folderOf, isInSequence, nameOf } from '@cyborgbackup/read-models';
import type { GatewayDeps } from '../../deps.ts';
import type { FoundArchive } from '../find-archive.ts';

/** The two archives of a comparison. */
export interface ArchivePair {
  readonly from: FoundArchive;
  readonly to: FoundArchive;
}

/** Queries with their parameters: the versions that only the first has (`removed`), and only the second (`added`). */
interface DiffSides {
  readonly removed: string;
  readonly added: string;
  readonly values: readonly number[];
}

/** $1 series; $2, $3 sequences of the earlier and the later; $4, $5 the numbers that were given between them. */
const ENDED = `
  select v.* from catalog.ended_entries e cross join lateral unnest(e.numbers) as ended(number)
         join catalog.entries v on v.series_id = e.series_id and v.number = ended.number
   where e.series_id = $1 and e.sequence > $2 and e.sequence <= $3
     and ${isInSequence('v', '$2')} and v.last_archive < $3`;

const BEGUN = `
  select v.* from catalog.entries v
   where v.series_id = $1 and v.number >= $4 and v.number < $5
     and v.first_archive > $2 and v.first_archive <= $3 and v.last_archive >= $3`;

const inOneSeries = ({ from, to }: ArchivePair): DiffSides => {
  const isForward = from.sequence <= to.sequence;
  const [earlier, later] = isForward ? [from, to] : [to, from];
  const values = [from.series_id, earlier.sequence, later.sequence, earlier.next_number, later.next_number];
  return isForward ? { removed: ENDED, added: BEGUN, values } : { removed: BEGUN, added: ENDED, values };
};

const versionsOf = (series: string, sequence: string): string =>
  `select v.* from catalog.entries v where v.series_id = ${series} and ${isInSequence('v', sequence)}`;

/** Entries that are the same have the same fingerprint. `not in` would go through a long list of others for each entry. */
const except = (mine: string, others: string): string => `
  select mine.* from (${mine}) mine
   where not exists (select from (${others}) others where others.fingerprint = mine.fingerprint)`;

const ofTwoSeries = ({ from, to }: ArchivePair): DiffSides => {
  const first = versionsOf('$1', '$2');
  const second = versionsOf('$3', '$4');
  return {
    removed: except(first, second),
    added: except(second, first),
    values: [from.series_id, from.sequence, to.series_id, to.sequence],
  };
};

/**
 * Two archives of one series differ by what was listed between them: new entries were numbered one after the other, and which
 * entries ended is noted. So the cost is that of the difference. Archives of different series are compared entry by entry.
 */
const diffSides = (pair: ArchivePair): DiffSides =>
  pair.from.series_id === pair.to.series_id ? inOneSeries(pair) : ofTwoSeries(pair);

/** Entries and bytes; of changed ones, by how much they grew. */
interface DiffSummary {
  readonly added: number;
  readonly added_bytes: number;
  readonly removed: number;
  readonly removed_bytes: number;
  readonly changed: number;
  readonly changed_bytes: number;
}

/** A path that only one archive has, or both in different states. */
export interface ChangeRow extends StoredPath {
  /** The entry's number in the first archive; null where that has none. Likewise for what follows. */
  readonly from_number: number | null;
  readonly from_type: string;
  readonly from_mode: string;
  readonly from_mtime: string;
  readonly from_size: number;
  readonly to_number: number | null;
  readonly to_type: string;
  readonly to_mode: string;
  readonly to_mtime: string;
  readonly to_size: number;
}

const side = (versions: string): string => `
  select f.path as folder, coalesce(f.raw, '') as folder_raw, v.name_id,
         row_number() over (partition by f.path, coalesce(f.raw, ''), v.name_id order by v.number) as nth,
         v.number, v.size, v.mtime, x.type, x.mode
    from (${versions}) v
         join ${folderOf('v')}
         join ${attributesOf('v')}`;

/** Entries of both archives by path; where an archive has a path several times, in the order of the listing. */
const changes = (removed: string, added: string): string => `
  with removed as (${side(removed)}), added as (${side(added)}),
  changes as (
    select folder, folder_raw, name_id, nth,
           removed.number as from_number, removed.type as from_type, removed.mode as from_mode, removed.mtime as from_mtime,
           removed.size as from_size,
           added.number as to_number, added.type as to_type, added.mode as to_mode, added.mtime as to_mtime, added.size as to_size
      from removed full join added using (folder, folder_raw, name_id, nth)
  )`;

const SUMMARY = `
  select count(*) filter (where from_number is null) as added,
         coalesce(sum(to_size) filter (where from_number is null), 0) as added_bytes,
         count(*) filter (where to_number is null) as removed,
         coalesce(sum(from_size) filter (where to_number is null), 0) as removed_bytes,
         count(*) filter (where from_number is not null and to_number is not null) as changed,
         coalesce(sum(to_size - from_size) filter (where from_number is not null and to_number is not null), 0) as changed_bytes
    from changes`;

export const summariseDiff = async ({ reader }: GatewayDeps, pair: ArchivePair): Promise<DiffSummary> => {
  const { removed, added, values } = diffSides(pair);
  const row = await reader.row<DiffSummary>(`${changes(removed, added)} ${SUMMARY}`, values);
  return row ?? { added: 0, added_bytes: 0, removed: 0, removed_bytes: 0, changed: 0, changed_bytes: 0 };
};

/** Some changes, by path. */
export const readDiff = (
  { reader }: GatewayDeps,
  pair: ArchivePair,
  page: { readonly limit: number; readonly offset: number },
): Promise<readonly ChangeRow[]> => {
  const { removed, added, values } = diffSides(pair);
  const [limit, offset] = [values.length + 1, values.length + 2];
  return reader.rows<ChangeRow>(
    `${changes(removed, added)}
     select c.folder, nullif(c.folder_raw, '') as folder_raw, n.name, n.raw as name_raw, c.from_number, c.from_type, c.from_mode,
            c.from_mtime, c.from_size, c.to_number, c.to_type, c.to_mode, c.to_mtime, c.to_size
       from changes c join ${nameOf('c')}
      order by c.folder, n.name, c.folder_raw, n.raw, c.nth limit $${limit} offset $${offset}`,
    [...values, page.limit, page.offset],
  );
};
