import type { StoredPath } from '@cyborgbackup/contracts';
import {
  attributesOf,
  catalog,
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
import { fieldsOf, type ResourceSource } from './list-source.ts';

export interface CatalogRow
  extends StoredPath, Pick<EntryAttributesRow, 'mode' | 'owner'>, Pick<EntryRow, 'mtime' | 'size'> {
  readonly id: number;
  readonly archive_name: string;
  readonly job: number;
  readonly group: string;
  readonly healthy: boolean;
}

/**
 * An entry is stored once for all consecutive archives that have it; here it is listed once for each of them. The outer joins
 * let PostgreSQL leave out every table whose columns the query does not use.
 */
const ENTRIES = `
  select a.id_base + v.number as id, a.job_uuid, f.path || n.name as path, f.path as folder,
         n.name, x.mode, x.owner, x.group_name, v.size, v.mtime, ${isHealthy('a.job_uuid', 'v.number')} as healthy
    from catalog.archives a join catalog.entries v on ${isInArchive('v', 'a')}
         left join ${folderOf('v')} left join ${nameOf('v')} left join ${attributesOf('v')}
   where ${isListed('a')}`;

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

/** The biggest list of all. Whatever narrows it to some jobs (`job`, `archive_name`) is answered by an index. */
export const catalogs: ResourceSource = {
  name: 'catalogs',
  label: 'Catalog',
  type: 'catalog',
  table: catalog.entries.name,
  query: ENTRIES,
  rows: {
    select: `t.id, v.archive_name, ${PATH_COLUMNS}, j.id as job, x.mode, v.mtime,
      x.owner, x.group_name as "group", v.size,
      ${isHealthy('v.job_uuid', 'v.number')} as healthy`,
    from: BY_IDS,
    byIds: BY_IDS,
  },
  fields: {
    id: { type: 'int' },
    path: { type: 'text', parts: { folder: 'folder', name: 'name' } },
    ...fieldsOf(catalog.entries, { only: ['size', 'mtime'] }),
    ...fieldsOf(catalog.entryAttributes, { only: ['mode', 'owner'], renamed: { group: 'group_name' } }),
    healthy: { type: 'bool' },
    archive_name: { through: 'job__archive_name' },
  },
  relations: { job: { target: 'jobs', from: 'job_uuid', to: 'uuid', required: true } },
  search: ['path'],
};
