import { authors, columns, inventoryFields, type ListSource } from '../list-source.ts';

export const policies: ListSource = {
  name: 'policies',
  label: 'Policy',
  type: 'policy',
  table: 'inventory.policies',
  fields: {
    ...inventoryFields,
    ...columns.text('name', 'policy_type', 'vmprovider', 'prehook', 'posthook'),
    ...columns.int('repository', 'schedule'),
    ...columns.int('keep_hourly', 'keep_daily', 'keep_weekly', 'keep_monthly', 'keep_yearly'),
    ...columns.bool('mode_pull', 'enabled'),
  },
  relations: {
    ...authors,
    repository: { target: 'repositories', from: 'repository', to: 'id' },
    schedule: { target: 'schedules', from: 'schedule', to: 'id' },
    clients: { target: 'clients', from: 'clients', to: 'id', array: 'from', many: true },
    jobs: { target: 'jobs', from: 'uuid', to: 'policy_uuid', many: true },
  },
  search: ['name'],
};
