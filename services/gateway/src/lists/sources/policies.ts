import { inventory } from '@cyborgbackup/read-models';
import { authors, fieldsOf, STAMPS, type ListSource } from './list-source.ts';

export const policies: ListSource = {
  name: 'policies',
  label: 'Policy',
  type: 'policy',
  table: inventory.policies.name,
  fields: fieldsOf(inventory.policies, { hide: STAMPS }),
  relations: {
    ...authors,
    repository: { target: 'repositories', from: 'repository', to: 'id' },
    schedule: { target: 'schedules', from: 'schedule', to: 'id' },
    drill_schedule: { target: 'schedules', from: 'drill_schedule', to: 'id' },
    clients: { target: 'clients', from: 'clients', to: 'id', array: 'from', many: true },
    jobs: { target: 'jobs', from: 'uuid', to: 'policy_uuid', many: true },
  },
  search: ['name'],
};
