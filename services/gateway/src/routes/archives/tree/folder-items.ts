import { attributesOf, folderOf, isHealthy, isInSequence, nameOf } from '@cyborgbackup/read-models';
import type { GatewayDeps } from '../../deps.ts';
import { ENTRY_COLUMNS, type EntryRow } from '../../entries/entry.ts';
import type { FoundArchive } from '../find-archive.ts';
import { FOLDER_RAW, type FoundFolder } from './find-folder.ts';

/** An item of a folder. */
export interface ItemRow extends Partial<EntryRow> {
  readonly name: string;
  readonly name_raw: string | null;
  /** The whole path of a folder that has no entry of its own. */
  readonly folder_path: string | null;
  readonly folder_raw: string | null;
  /** Totals of all in and below it. */
  readonly entries: number | null;
  readonly files: number | null;
  readonly bytes: number | null;
  readonly healthy: boolean;
}

/** Entries of the folder, and folders that have no entry of their own but hold some. $1 series, $2 sequence, $3 folder. */
const ITEMS = `
  items as (
    select v.number, n.name, n.raw as name_raw, f.id as folder, null::text as folder_path, null::text as folder_raw
      from catalog.entries v
           join ${nameOf('v')}
           join ${attributesOf('v')}
           join ${folderOf('v', 'above')}
           left join catalog.folders f on x.type = 'd' and f.series_id = v.series_id and f.parent_id = v.folder_id
                and f.path = above.path || n.name || '/' and f.raw is not distinct from ${FOLDER_RAW}
     where v.series_id = $1 and v.folder_id = $3 and ${isInSequence('v', '$2')}
  ), implied as (
    select null::int4, substr(f.path, length(above.path) + 1, length(f.path) - length(above.path) - 1), null::text, f.id, f.path,
           f.raw
      from catalog.folders f join catalog.folders above on above.series_id = f.series_id and above.id = f.parent_id
     where f.series_id = $1 and f.parent_id = $3
       and not exists (select from items i where i.folder = f.id)
       and (select sum(t.entries) from catalog.folder_totals t
             where t.series_id = $1 and t.folder_id = f.id and t.sequence <= $2) > 0
  )`;

export const countItems = (
  { reader }: GatewayDeps,
  { series_id, sequence }: FoundArchive,
  { id }: FoundFolder,
): Promise<number> =>
  reader.count(`with ${ITEMS} select (select count(*) from items) + (select count(*) from implied) as count`, [
    series_id,
    sequence,
    id,
  ]);

/** Some items of a folder, by name. */
export const readItems = (
  { reader }: GatewayDeps,
  { series_id, sequence, job_uuid }: FoundArchive,
  { id }: FoundFolder,
  { limit, offset }: { readonly limit: number; readonly offset: number },
): Promise<readonly ItemRow[]> =>
  reader.rows<ItemRow>(
    `with ${ITEMS}, page as (
       select * from items union all select * from implied order by name, name_raw, number limit $5 offset $6
     )
     select p.name, p.name_raw, p.folder_path, p.folder_raw, ${ENTRY_COLUMNS}, t.entries, t.files, t.bytes,
            ${isHealthy('$4', 'p.number')} as healthy
       from page p
            left join catalog.entries v on v.series_id = $1 and v.number = p.number
            left join ${attributesOf('v')}
            left join lateral (
              select sum(entries) as entries, sum(files) as files, sum(bytes) as bytes
                from catalog.folder_totals
               where series_id = $1 and folder_id = p.folder and sequence <= $2
            ) t on p.folder is not null
      order by p.name, p.name_raw, p.number`,
    [series_id, sequence, id, job_uuid, limit, offset],
  );
