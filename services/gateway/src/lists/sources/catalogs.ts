import { columns, type ListSource } from './list-source.ts';

/**
 * An entry is stored once for all archives in a row that have it; here it stands once for each of them. What a filter does
 * not ask for is not joined: that is what the outer joins are for.
 */
const ENTRIES = `
  select a.id_base + v.number as id, a.job_uuid, f.path || n.name as path, f.path as folder,
         n.name, x.mode, x.owner, x.group_name, v.size, v.mtime,
         not exists (select from catalog.broken b where b.job_uuid = a.job_uuid and b.number = v.number) as healthy
    from catalog.archives a
         join catalog.versions v on v.series = a.series and v.first_seq <= a.sequence and v.last_seq >= a.sequence
         left join catalog.folders f on f.series = v.series and f.id = v.folder
         left join catalog.names n on n.id = v.name
         left join catalog.attributes x on x.id = v.attributes
   where a.complete and not a.removed`;

/** The biggest list of all. Whatever narrows it to some jobs (`job`, `archive_name`) is answered by an index. */
export const catalogs: ListSource = {
  name: 'catalogs',
  label: 'Catalog',
  type: 'catalog',
  table: 'catalog.versions',
  query: ENTRIES,
  fields: {
    ...columns.int('id', 'size'),
    path: { type: 'text', parts: { folder: 'folder', name: 'name' } },
    ...columns.text('mode', 'owner'),
    group: { type: 'text', column: 'group_name' },
    ...columns.timestamp('mtime'),
    ...columns.bool('healthy'),
    archive_name: { through: 'job__archive_name' },
  },
  relations: { job: { target: 'jobs', from: 'job_uuid', to: 'uuid', required: true } },
  search: ['path'],
};
