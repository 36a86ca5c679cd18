import { readSql } from '@cyborgbackup/database';
import type { StoredPath } from '@cyborgbackup/contracts';
import { attributesOf, folderOf, isInArchive, isListed, nameOf, PATH_COLUMNS } from '@cyborgbackup/read-models';
import type { Reader } from '../../db/reader.ts';
import { OWNER_COLUMNS, ownerJoins, type OwnerRow } from '../entries/series.ts';
import { SPAN_COLUMNS, type SpanRow } from '../entries/span.ts';

/** Identifies a group: all versions of one path in one series. Groups are sorted by these columns. */
export interface SearchKey {
  readonly name_id: number;
  readonly series_id: number;
  readonly folder_id: number;
}

interface FoundRow {
  /** Of the latest version, and the base of ids in the last archive that has it. */
  readonly latest: number;
  readonly id_base: number;
  readonly versions: number;
  readonly type: string;
  readonly size: number;
  readonly mtime: string;
}

export interface Search {
  /** For ILIKE. */
  readonly pattern: string;
  /** Null for all. */
  readonly series: readonly number[] | null;
  readonly after: SearchKey;
  readonly limit: number;
}

/** Above every id of a name, series or folder. */
export const MAX_KEY = 2_147_483_647;

/** Number of ids of names that are scanned in order before the index of trigrams is used. */
const WINDOW = 40_000;

/** Up to so many matches are sorted; of more, the first are found by a scan of the names. */
const FEW = 20_000;

/** $1 pattern, $2 the first id, $3 one that ends the walk, $4 how many are wanted. */
const WALK = `
  select id from catalog.entry_names where id >= $2 and id < $3 and name ilike $1 order by id limit $4`;

/** $1 pattern, $2 the first id, $3 how many are wanted. The index of trigrams is of `name || ''`. How many match at all is counted no further than needed. */
const SEARCH = `
  with found as materialized (select id from catalog.entry_names where name || '' ilike $1 limit ${FEW + 1})
  select counted.matches, next.id
    from (select count(*) as matches from found) counted
         left join lateral (select id from found where id >= $2 order by id limit $3) next on true
   order by next.id`;

/**
 * Ids of matching names, in order. For a pattern that one name in two hundred matches, the next forty thousand names have
 * enough matches. One with few matches is looked up in the index of trigrams. For those in between the names are scanned, as the
 * next matches are near. (On its own, the planner scans all names for a pattern with almost no matches.)
 */
const findNames = async (reader: Reader, pattern: string, from: number, limit: number): Promise<readonly number[]> => {
  const walk = async (end: number): Promise<readonly number[]> =>
    (await reader.rows<{ id: number }>(WALK, [pattern, from, end, limit])).map(({ id }) => id);
  const near = await walk(Math.min(MAX_KEY, from + WINDOW));
  if (near.length >= limit) return near;
  const found = await reader.rows<{ id: number | null; matches: number }>(SEARCH, [pattern, from, limit]);
  return (found[0]?.matches ?? 0) > FEW ? walk(MAX_KEY) : found.flatMap(({ id }) => id ?? []);
};

/** $1 names, $2 series or null, $3 to $5 the group to go on after, $6 how many are wanted. */
const GROUPS = readSql(new URL('./groups.sql', import.meta.url));

/** $1 names, $2 series, $3 folders of groups. */
const DETAILS = `
  select g.name_id, g.series_id, g.folder_id, ${PATH_COLUMNS},
         span.*, x.type, v.size, v.mtime, ${OWNER_COLUMNS}
    from unnest($1::int4[], $2::int4[], $3::int4[]) with ordinality as g(name_id, series_id, folder_id, nth)
         join ${folderOf('g')}
         join ${nameOf('g')}
         cross join lateral (
           select ${SPAN_COLUMNS}, count(distinct w.number) as versions, max(w.number) as latest,
                  (array_agg(a.id_base order by w.number desc, a.started_at desc, a.position desc))[1] as id_base
             from catalog.entries w
                  join catalog.archives a on ${isListed('a')} and ${isInArchive('w', 'a')}
            where w.name_id = g.name_id and w.series_id = g.series_id and w.folder_id = g.folder_id
           having count(*) > 0
         ) span
         join catalog.entries v on v.series_id = g.series_id and v.number = span.latest
         join ${attributesOf('v')}
         ${ownerJoins('g.series_id')}
   order by g.nth`;

export type SearchRow = FoundRow & StoredPath & OwnerRow & SpanRow;

const readDetails = (reader: Reader, groups: readonly SearchKey[]): Promise<readonly SearchRow[]> =>
  reader.rows<SearchRow>(DETAILS, [
    groups.map(({ name_id }) => name_id),
    groups.map(({ series_id }) => series_id),
    groups.map(({ folder_id }) => folder_id),
  ]);

/**
 * A page of groups. Those whose archives were all removed are left out, so the page may be short although more follow.
 * @returns `last` is the key to continue after; undefined at the end
 */
export const readFound = async (
  reader: Reader,
  { pattern, series, after, limit }: Search,
): Promise<{ readonly rows: readonly SearchRow[]; readonly last: SearchKey | undefined }> => {
  const names = await findNames(reader, pattern, after.name_id, limit + 1);
  const values = [names, series, after.name_id, after.series_id, after.folder_id, limit];
  const groups = await reader.rows<SearchKey>(GROUPS, values);
  const lastName = names.length > limit ? names.at(-1) : undefined;
  const end = lastName === undefined ? undefined : { name_id: lastName, series_id: MAX_KEY, folder_id: MAX_KEY };
  return { rows: await readDetails(reader, groups), last: groups.length >= limit ? groups.at(-1) : end };
};
