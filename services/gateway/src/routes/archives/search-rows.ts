import type { StoredPath } from '@cyborgbackup/contracts';
import type { Reader } from '../../read/reader.ts';
import { shortIso } from '../../read/timestamps.ts';
import { OWNER_COLUMNS, ownerJoins, type OwnerRow } from './owner.ts';
import { SPAN_COLUMNS, type SpanRow } from './span.ts';

/** Groups are found in the order of these: all versions of one path in one series. */
export interface SearchKey {
  readonly name_id: number;
  readonly series: number;
  readonly folder: number;
}

export interface FoundRow {
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

/**
 * The names are found by their trigrams, or, when many match, in their order until there are enough. Then come the versions of
 * each, and of each group the archives that are left.
 */
const FIND = `
  with found as (
    select n.id as name_id, v.series, v.folder, max(v.number) as number
      from catalog.names n join catalog.versions v on v.name = n.id
     where n.name ilike $1 and ($2::int4[] is null or v.series = any($2))
       and n.id >= $3 and (n.id, v.series, v.folder) > ($3, $4, $5)
     group by n.id, v.series, v.folder
     order by n.id, v.series, v.folder
     limit $6
  )
  select found.name_id, found.series, found.folder as folder_id, f.path as folder, f.raw as folder_raw, n.name,
         n.raw as name_raw, span.*, x.type, v.size, v.mtime, ${OWNER_COLUMNS}
    from found
         join catalog.folders f on f.series = found.series and f.id = found.folder
         join catalog.names n on n.id = found.name_id
         left join lateral (
           select ${SPAN_COLUMNS}, count(distinct w.number) as versions, max(w.number) as latest
             from catalog.versions w
                  join catalog.archives a on a.series = w.series and a.complete and not a.removed
                       and a.sequence between w.first_seq and w.last_seq
            where w.name = found.name_id and w.series = found.series and w.folder = found.folder
         ) span on true
         left join catalog.versions v on v.series = found.series and v.number = span.latest
         left join catalog.attributes x on x.id = v.attributes
         ${ownerJoins('found.series')}
   order by found.name_id, found.series, found.folder`;

export type SearchRow = FoundRow & StoredPath & OwnerRow & SpanRow;

interface GroupRow extends SearchRow {
  readonly name_id: number;
  readonly series: number;
  readonly folder_id: number;
}

/** Some groups, and where to go on if there may be more. Groups of archives that are all gone are left out. */
export const readFound = async (
  reader: Reader,
  { pattern, series, after, limit }: Search,
): Promise<{ readonly rows: readonly SearchRow[]; readonly last: SearchKey | undefined }> => {
  const rows = await reader.rows<GroupRow>(FIND, [
    pattern,
    series === null ? null : [...series],
    after.name_id,
    after.series,
    after.folder,
    limit,
  ]);
  const end = rows.at(-1);
  return {
    rows: rows.filter(({ archives }) => archives > 0).map((row) => ({ ...row, mtime: shortIso(row.mtime) })),
    last:
      rows.length === limit && end ? { name_id: end.name_id, series: end.series, folder: end.folder_id } : undefined,
  };
};
