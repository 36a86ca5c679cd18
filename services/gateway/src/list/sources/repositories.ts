import { authors, columns, inventoryFields, type ListSource } from '../list-source.ts';

export const repositories: ListSource = {
  name: 'repositories',
  label: 'Repository',
  type: 'repository',
  table: 'inventory.repositories',
  fields: {
    ...inventoryFields,
    ...columns.text('name', 'path'),
    ...columns.bool('ready', 'enabled'),
    ...columns.int('original_size', 'compressed_size', 'deduplicated_size'),
  },
  relations: {
    ...authors,
    policies: { target: 'policies', from: 'id', to: 'repository', many: true },
    jobs: { target: 'jobs', from: 'uuid', to: 'repository_uuid', many: true },
  },
  search: ['name'],
};
