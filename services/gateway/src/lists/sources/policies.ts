import type { RowOf } from '@cyborgbackup/projections/define';
import { inventory } from '@cyborgbackup/read-models';
import { authoredSource, type AuthoredRow } from '../../db/authored.ts';
import { authors, fieldsOf, STAMPS, type ResourceSource } from './list-source.ts';

type RepositoryRow = RowOf<typeof inventory.repositories>;
type Schedule = RowOf<typeof inventory.schedules>;

export type PolicyRow = AuthoredRow<RowOf<typeof inventory.policies>> & {
  readonly repository_summary: Pick<RepositoryRow, 'id' | 'name' | 'path'> | null;
  readonly schedule_summary: Pick<Schedule, 'id' | 'name' | 'crontab' | 'enabled'> | null;
  readonly timezone: Schedule['timezone'] | null;
  readonly blackouts: Schedule['blackouts'] | null;
};

const summaries = `
  case when r.id is not null then
    json_build_object('id', r.id, 'name', r.name, 'path', r.path, 'enabled', r.enabled) end as repository_summary,
  case when s.id is not null then
    json_build_object('id', s.id, 'name', s.name, 'crontab', s.crontab, 'enabled', s.enabled) end as schedule_summary,
  s.timezone, s.blackouts`;

export const policies: ResourceSource = {
  name: 'policies',
  label: 'Policy',
  type: 'policy',
  table: inventory.policies.name,
  rows: authoredSource(inventory.policies, {
    more: [summaries],
    joins:
      'left join inventory.repositories r on r.id = t.repository left join inventory.schedules s on s.id = t.schedule',
  }),
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
