import type { RowOf } from '@cyborgbackup/projections/define';
import { executor } from '@cyborgbackup/read-models';
import { columnsOf } from '../../db/authored.ts';
import { fieldsOf, type ResourceSource } from './list-source.ts';

const HIDDEN = ['job', 'policy_uuid', 'client_uuid', 'requested_at', 'ended_at'] as const;

type StoredDrill = RowOf<typeof executor.drills>;

export type DrillRow = Omit<StoredDrill, (typeof HIDDEN)[number]> & {
  readonly requested: StoredDrill['requested_at'];
  readonly ended: StoredDrill['ended_at'];
};

export const drills: ResourceSource = {
  name: 'drills',
  label: 'Drill',
  type: 'drill',
  table: executor.drills.name,
  rows: {
    select: `${columnsOf(executor.drills, HIDDEN)}, t.requested_at as requested, t.ended_at as ended`,
    from: 'executor.drills t',
  },
  fields: fieldsOf(executor.drills, {
    hide: HIDDEN,
    renamed: { policy: 'policy_id', client: 'client_id', requested: 'requested_at', ended: 'ended_at' },
  }),
  relations: {
    job: { target: 'jobs', from: 'job', to: 'uuid' },
    policy: { target: 'policies', from: 'policy_uuid', to: 'uuid' },
    client: { target: 'clients', from: 'client_uuid', to: 'uuid' },
  },
  search: ['policy_name', 'client_hostname', 'archive_name'],
};
