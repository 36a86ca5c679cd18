import type { RowOf } from '@cyborgbackup/projections/define';
import { scheduler } from '@cyborgbackup/read-models';
import { authoredSource, type AuthoredRow } from '../../db/authored.ts';
import { authors, fieldsOf, STAMPS, type ResourceSource } from './list-source.ts';

const HIDDEN = [
  ...(['run', 'policy_uuid', 'client_uuid', 'repository_uuid', 'master_job_uuid', 'needs', 'preparation'] as const),
  ...(['cancel_requested', 'correlation_id', 'paused_until'] as const),
] as const;

export type JobRow = AuthoredRow<RowOf<typeof scheduler.jobs>, (typeof HIDDEN)[number]> & {
  /** Whether the policy is still there: a job outlives it. */
  readonly has_policy: boolean;
};

export const jobs: ResourceSource = {
  name: 'jobs',
  label: 'Job',
  type: 'job',
  table: scheduler.jobs.name,
  rows: authoredSource(scheduler.jobs, {
    hide: HIDDEN,
    more: ['p.id is not null as has_policy'],
    joins: 'left join inventory.policies p on p.uuid = t.policy_uuid',
  }),
  fields: {
    ...fieldsOf(scheduler.jobs, {
      hide: [
        ...STAMPS,
        ...HIDDEN,
        ...(['uuid', 'restore', 'policy_name', 'client_hostname', 'repository_name', 'schedule_name'] as const),
      ],
    }),
    /** Seconds; of a running job, so far. */
    elapsed: {
      type: 'float',
      sql: 'coalesce(extract(epoch from coalesce($.finished, now()) - $.started), 0)::float8',
    },
  },
  relations: {
    ...authors,
    policy: { target: 'policies', from: 'policy_uuid', to: 'uuid' },
    client: { target: 'clients', from: 'client_uuid', to: 'uuid' },
    repository: { target: 'repositories', from: 'repository_uuid', to: 'uuid' },
    schedule: { target: 'schedules', from: 'schedule', to: 'id' },
    master_job: { target: 'jobs', from: 'master_job_uuid', to: 'uuid' },
    job_events: { target: 'job_events', from: 'uuid', to: 'job_uuid', many: true },
    catalogs: { target: 'catalogs', from: 'uuid', to: 'job_uuid', many: true },
  },
  search: ['name'],
};
