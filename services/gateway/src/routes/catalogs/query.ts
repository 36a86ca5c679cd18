import type { StoredPath } from '@cyborgbackup/contracts';
import {
  attributesOf,
  folderOf,
  isHealthy,
  isInArchive,
  isListed,
  mayHaveId,
  nameOf,
  PATH_COLUMNS,
  type EntryAttributesRow,
  type EntryRow,
} from '@cyborgbackup/read-models';
import type { RowSource } from '../../lists/index.ts';

export interface CatalogRow
  extends StoredPath, Pick<EntryAttributesRow, 'mode' | 'owner'>, Pick<EntryRow, 'mtime' | 'size'> {
  readonly id: number;
  readonly archive_name: string;
  readonly job: number;
  readonly group: string;
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
           join catalog.entries v on v.number = t.id - a.id_base and ${isInArchive('v', 'a')}
     where ${mayHaveId('a', 't.id')} and ${isListed('a')}
     order by a.id_base desc limit 1
  ) v
  join ${folderOf('v')}
  join ${nameOf('v')}
  join ${attributesOf('v')}
  join scheduler.jobs j on j.uuid = v.job_uuid`;

export const catalogSource: RowSource & { readonly byIds: string } = {
  select: `t.id, v.archive_name, ${PATH_COLUMNS}, j.id as job, x.mode, v.mtime,
    x.owner, x.group_name as "group", v.size,
    ${isHealthy('v.job_uuid', 'v.number')} as healthy`,
  from: BY_IDS,
  byIds: BY_IDS,
};
