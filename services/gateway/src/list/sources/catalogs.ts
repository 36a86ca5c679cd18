import { columns, type ListSource } from '../list-source.ts';

/** The biggest table of all. Whatever narrows it to some jobs (`job`, `archive_name`) is answered by an index. */
export const catalogs: ListSource = {
  name: 'catalogs',
  label: 'Catalog',
  type: 'catalog',
  table: 'catalog.entries',
  fields: {
    ...columns.int('id', 'size'),
    ...columns.text('path', 'mode', 'owner'),
    group: { type: 'text', column: 'group_name' },
    ...columns.timestamp('mtime'),
    ...columns.bool('healthy'),
    archive_name: { through: 'job__archive_name' },
  },
  relations: { job: { target: 'jobs', from: 'job_uuid', to: 'uuid', required: true } },
  search: ['path'],
};
