import type { StoredPath } from '@cyborgbackup/contracts';
import type { RowSource } from '../../lists/index.ts';

export interface CatalogRow extends StoredPath {
  readonly id: number;
  readonly archive_name: string;
  readonly job: number;
  readonly mode: string;
  readonly mtime: string;
  readonly owner: string;
  readonly group: string;
  readonly size: number;
  readonly healthy: boolean;
}

/**
 * The entries with given ids. An id is the archive's `id_base` and the entry's number together, so its archive is the one
 * with the next lower base.
 */
const BY_IDS = `
  unnest($1::bigint[]) as t(id)
  cross join lateral (
    select a.job_uuid, a.archive_name, v.*
      from catalog.archives a
           join catalog.versions v on v.series = a.series and v.number = t.id - a.id_base
                and v.first_seq <= a.sequence and v.last_seq >= a.sequence
     where a.id_base <= t.id and a.id_base > t.id - 2147483647 and a.complete and not a.removed
     order by a.id_base desc limit 1
  ) v
  join catalog.folders f on f.series = v.series and f.id = v.folder
  join catalog.names n on n.id = v.name
  join catalog.attributes x on x.id = v.attributes
  join scheduler.jobs j on j.uuid = v.job_uuid`;

export const catalogSource: RowSource & { readonly byIds: string } = {
  select: `t.id, v.archive_name, f.path as folder, f.raw as folder_raw, n.name, n.raw as name_raw, j.id as job, x.mode, v.mtime,
    x.owner, x.group_name as "group", v.size,
    not exists (select from catalog.broken b where b.job_uuid = v.job_uuid and b.number = v.number) as healthy`,
  from: BY_IDS,
  byIds: BY_IDS,
};
