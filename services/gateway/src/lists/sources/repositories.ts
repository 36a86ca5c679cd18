import { inventory } from '@cyborgbackup/read-models';
import { authors, fieldsOf, STAMPS, type ListSource } from './list-source.ts';

export const repositories: ListSource = {
  name: 'repositories',
  label: 'Repository',
  type: 'repository',
  table: inventory.repositories.name,
  fields: {
    ...fieldsOf(inventory.repositories, {
      hide: [...STAMPS, 'key_proven', 'borg_id', 'encryption', 'public_key', 'escrow_borg_id'],
    }),
    escrowed: { type: 'bool', sql: "($.escrow_borg_id <> '')" },
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
