import type { StoredPath } from '@cyborgbackup/contracts';
import type { Reader } from '../../db/reader.ts';
import { OWNER_COLUMNS, ownerJoins, type OwnerRow } from '../entries/owner.ts';
import { SPAN_COLUMNS, type SpanRow } from '../entries/span.ts';

/** Identifies a group: all versions of one path in one series. Groups are sorted by these columns. */
export interface SearchKey {
  readonly name_id: number;
  readonly series: number;
  readonly folder: number;
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
const MAX_KEY = 2_147_483_647;

/** Number of ids of names that are scanned in order before the index of trigrams is used. */
const WINDOW = 40_000;

/** Up to so many matches are sorted; of more, the first are found by a scan of the names. */
const FEW = 20_000;

/** $1 pattern, $2 the first id, $3 one that ends the walk, $4 how many are wanted. */
const WALK = `
  select id from catalog.names where id >= $2 and id < $3 and name ilike $1 order by id limit $4`;

/** $1 pattern, $2 the first id, $3 how many are wanted. The index of trigrams is of `name || ''`. How many match at all is counted no further than needed. */
const SEARCH = `
  with found as materialized (select id from catalog.names where name || '' ilike $1 limit ${FEW + 1})
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
const GROUPS = `
  select g.name_id, g.series, g.folder
    from unnest($1::int4[]) with ordinality as n(id, nth)
         cross join lateral (
           select distinct v.name as name_id, v.series, v.folder from catalog.versions v
            where v.name = n.id and ($2::int4[] is null or v.series = any($2))
              and (n.id > $3 or (v.series, v.folder) > ($4, $5))
            order by v.name, v.series, v.folder
            limit $6
         ) g
   order by n.nth, g.series, g.folder
   limit $6`;

/** $1 names, $2 series, $3 folders of groups. */
const DETAILS = `
  select g.name_id, g.series, g.folder as folder_id, f.path as folder, f.raw as folder_raw, n.name, n.raw as name_raw,
         span.*, x.type, v.size, v.mtime, ${OWNER_COLUMNS}
    from unnest($1::int4[], $2::int4[], $3::int4[]) with ordinality as g(name_id, series, folder, nth)
         join catalog.folders f on f.series = g.series and f.id = g.folder
         join catalog.names n on n.id = g.name_id
         cross join lateral (
           select ${SPAN_COLUMNS}, count(distinct w.number) as versions, max(w.number) as latest,
                  (array_agg(a.id_base order by w.number desc, a.started_at desc, a.position desc))[1] as id_base
             from catalog.versions w
                  join catalog.archives a on a.series = w.series and a.complete and not a.removed
                       and a.sequence between w.first_seq and w.last_seq
            where w.name = g.name_id and w.series = g.series and w.folder = g.folder
           having count(*) > 0
         ) span
         join catalog.versions v on v.series = g.series and v.number = span.latest
         join catalog.attributes x on x.id = v.attributes
         ${ownerJoins('g.series')}
   order by g.nth`;

export type SearchRow = FoundRow & StoredPath & OwnerRow & SpanRow;

const readDetails = (reader: Reader, groups: readonly SearchKey[]): Promise<readonly SearchRow[]> => {
  return reader.rows<SearchRow>(DETAILS, [
    groups.map(({ name_id }) => name_id),
    groups.map(({ series }) => series),
    groups.map(({ folder }) => folder),
  ]);
};

/**
 * A page of groups. Those whose archives were all removed are left out, so the page may be short although more follow.
 * @returns `last` is the key to continue after; undefined at the end
 */
export const readFound = async (
  reader: Reader,
  { pattern, series, after, limit }: Search,
): Promise<{ readonly rows: readonly SearchRow[]; readonly last: SearchKey | undefined }> => {
  const names = await findNames(reader, pattern, after.name_id, limit + 1);
  const values = [names, series, after.name_id, after.series, after.folder, limit];
  const groups = await reader.rows<SearchKey>(GROUPS, values);
  const lastName = names.length > limit ? names.at(-1) : undefined;
  const end = lastName === undefined ? undefined : { name_id: lastName, series: MAX_KEY, folder: MAX_KEY };
  return { rows: await readDetails(reader, groups), last: groups.length >= limit ? groups.at(-1) : end };
};
