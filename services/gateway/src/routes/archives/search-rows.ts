import type { StoredPath } from '@cyborgbackup/contracts';
import { attributesOf, folderOf, isInArchive, isListed, nameOf, PATH_COLUMNS } from '@cyborgbackup/read-models';
import type { Reader } from '../../read/reader.ts';
import { shortIso } from '../../read/timestamps.ts';
import { OWNER_COLUMNS, ownerJoins, type OwnerRow } from './owner.ts';
import { SPAN_COLUMNS, type SpanRow } from './span.ts';

/** Groups are found in the order of these: all versions of one path in one series. */
export interface SearchKey {
  readonly name_id: number;
  readonly series_id: number;
  readonly folder_id: number;
}

export interface FoundRow {
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

/** Behind every series and folder. */
const ALL = 2_147_483_647;

/** Ids of names looked at in their order before the index of trigrams is asked. */
const WINDOW = 40_000;

/** Matches that are put in order; of more, the first are found by walking through the names. */
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
 * Ids of matching names, in their order. A pattern that one name in two hundred matches has enough of them among the next forty
 * thousand names. One that few match is looked up in the index of trigrams. What is between these is walked for: then the next
 * matches are not far either. (Left to itself, the planner walks through all names for a pattern that nearly none matches.)
 */
const findNames = async (reader: Reader, pattern: string, from: number, limit: number): Promise<readonly number[]> => {
  const walk = async (end: number): Promise<readonly number[]> =>
    (await reader.rows<{ id: number }>(WALK, [pattern, from, end, limit])).map(({ id }) => id);
  const near = await walk(Math.min(ALL, from + WINDOW));
  if (near.length >= limit) return near;
  const found = await reader.rows<{ id: number | null; matches: number }>(SEARCH, [pattern, from, limit]);
  return (found[0]?.matches ?? 0) > FEW ? walk(ALL) : found.flatMap(({ id }) => id ?? []);
};

/** $1 names, $2 series or null, $3 to $5 the group to go on after, $6 how many are wanted. */
const GROUPS = `
  select g.name_id, g.series_id, g.folder_id
    from unnest($1::int4[]) with ordinality as n(id, nth)
         cross join lateral (
           select distinct v.name_id, v.series_id, v.folder_id from catalog.entries v
            where v.name_id = n.id and ($2::int4[] is null or v.series_id = any($2))
              and (n.id > $3 or (v.series_id, v.folder_id) > ($4, $5))
            order by v.name_id, v.series_id, v.folder_id
            limit $6
         ) g
   order by n.nth, g.series_id, g.folder_id
   limit $6`;

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

const readDetails = async (reader: Reader, groups: readonly SearchKey[]): Promise<readonly SearchRow[]> => {
  const rows = await reader.rows<SearchRow>(DETAILS, [
    groups.map(({ name_id }) => name_id),
    groups.map(({ series_id }) => series_id),
    groups.map(({ folder_id }) => folder_id),
  ]);
  return rows.map((row) => ({ ...row, mtime: shortIso(row.mtime) }));
};

export interface SearchPage {
  readonly rows: readonly SearchRow[];
  /** Where to go on; undefined when that was all. */
  readonly last: SearchKey | undefined;
}

/** Some groups. Those of which all archives are gone are left out, so there may be fewer than wanted though more follow. */
export const readFound = async (reader: Reader, { pattern, series, after, limit }: Search): Promise<SearchPage> => {
  const names = await findNames(reader, pattern, after.name_id, limit + 1);
  const wanted = series === null ? null : [...series];
  const groups = await reader.rows<SearchKey>(GROUPS, [
    [...names],
    wanted,
    after.name_id,
    after.series_id,
    after.folder_id,
    limit,
  ]);
  const lastName = names.length > limit ? names.at(-1) : undefined;
  const end = lastName === undefined ? undefined : { name_id: lastName, series_id: ALL, folder_id: ALL };
  return { rows: await readDetails(reader, groups), last: groups.length >= limit ? groups.at(-1) : end };
};
