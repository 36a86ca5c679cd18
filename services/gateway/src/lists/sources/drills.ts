import { executor } from '@cyborgbackup/read-models';
import { fieldsOf, type ListSource } from './list-source.ts';

export const drills: ListSource = {
  name: 'drills',
  label: 'Drill',
  type: 'drill',
  table: executor.drills.name,
  fields: fieldsOf(executor.drills, {
    hide: ['job', 'policy_uuid', 'client_uuid'],
    renamed: { policy: 'policy_id', client: 'client_id', requested: 'requested_at', ended: 'ended_at' },
  }),
  relations: {
    job: { target: 'jobs', from: 'job', to: 'uuid' },
    policy: { target: 'policies', from: 'policy_uuid', to: 'uuid' },
    client: { target: 'clients', from: 'client_uuid', to: 'uuid' },
  },
  search: ['policy_name', 'client_hostname', 'archive_name'],
};
