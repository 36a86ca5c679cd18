import { authors, columns, inventoryFields, type ListSource } from './list-source.ts';

export const repositories: ListSource = {
  name: 'repositories',
  label: 'Repository',
  type: 'repository',
  table: 'inventory.repositories',
  fields: {
    ...inventoryFields,
    ...columns.text('name', 'path'),
    ...columns.bool('ready', 'enabled', 'own_key'),
    escrowed: { type: 'bool', sql: "($.escrow_borg_id <> '')" },
    ...columns.int('check_schedule', 'integrity_schedule'),
    ...columns.int('original_size', 'compressed_size', 'deduplicated_size'),
  },
  relations: {
    ...authors,
    check_schedule: { target: 'schedules', from: 'check_schedule', to: 'id' },
    integrity_schedule: { target: 'schedules', from: 'integrity_schedule', to: 'id' },
    policies: { target: 'policies', from: 'id', to: 'repository', many: true },
    jobs: { target: 'jobs', from: 'uuid', to: 'repository_uuid', many: true },
  },
  search: ['name'],
};
