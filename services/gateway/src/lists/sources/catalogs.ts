import { attributesOf, catalog, folderOf, isHealthy, isInArchive, isListed, nameOf } from '@cyborgbackup/read-models';
import { fieldsOf, type ListSource } from './list-source.ts';

/**
 * An entry is stored once for all consecutive archives that have it; here it stands once for each of them. What a filter does
 * not ask for is not joined: that is what the outer joins are for.
 */
const ENTRIES = `
  select a.id_base + v.number as id, a.job_uuid, f.path || n.name as path, f.path as folder,
         n.name, x.mode, x.owner, x.group_name, v.size, v.mtime, ${isHealthy('a.job_uuid', 'v.number')} as healthy
    from catalog.archives a join catalog.entries v on ${isInArchive('v', 'a')}
         left join ${folderOf('v')} left join ${nameOf('v')} left join ${attributesOf('v')}
   where ${isListed('a')}`;

/** The biggest list of all. Whatever narrows it to some jobs (`job`, `archive_name`) is answered by an index. */
export const catalogs: ListSource = {
  name: 'catalogs',
  label: 'Catalog',
  type: 'catalog',
  table: catalog.entries.name,
  query: ENTRIES,
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
