import { columns, type ListSource } from './list-source.ts';

export const drills: ListSource = {
  name: 'drills',
  label: 'Drill',
  type: 'drill',
  table: 'executor.drills',
  fields: {
    ...columns.int('id', 'files', 'failed_files', 'bytes'),
    policy: { type: 'int', column: 'policy_id' },
    client: { type: 'int', column: 'client_id' },
    ...columns.text('policy_name', 'client_hostname', 'machine', 'archive_name', 'seed', 'reason'),
    ...columns.bool('passed'),
    ...columns.float('duration'),
    ...columns.timestamp('requested', 'ended'),
  },
  relations: {
    job: { target: 'jobs', from: 'job', to: 'uuid' },
    policy: { target: 'policies', from: 'policy_uuid', to: 'uuid' },
    client: { target: 'clients', from: 'client_uuid', to: 'uuid' },
  },
  search: ['policy_name', 'client_hostname', 'archive_name'],
};
