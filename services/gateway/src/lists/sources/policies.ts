import { authors, columns, inventoryFields, type ListSource } from './list-source.ts';

export const policies: ListSource = {
  name: 'policies',
  label: 'Policy',
  type: 'policy',
  table: 'inventory.policies',
  fields: {
    ...inventoryFields,
    ...columns.text('name', 'policy_type', 'vmprovider', 'prehook', 'posthook', 'missed_runs', 'overlap'),
    ...columns.int('repository', 'schedule'),
    ...columns.int('keep_hourly', 'keep_daily', 'keep_weekly', 'keep_monthly', 'keep_yearly'),
    ...columns.int('connect_timeout', 'idle_timeout', 'total_timeout', 'max_attempts', 'shrink_limit'),
    ...columns.int('drill_schedule', 'drill_files'),
    ...columns.bool('mode_pull', 'enabled'),
  },
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
