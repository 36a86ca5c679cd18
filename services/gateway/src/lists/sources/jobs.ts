import { scheduler } from '@cyborgbackup/read-models';
import { authors, fieldsOf, STAMPS, type ListSource } from './list-source.ts';

export const jobs: ListSource = {
  name: 'jobs',
  label: 'Job',
  type: 'job',
  table: scheduler.jobs.name,
  fields: {
    ...fieldsOf(scheduler.jobs, {
      hide: [
        ...STAMPS,
        ...(['uuid', 'run', 'restore', 'policy_uuid', 'policy_name', 'client_uuid', 'client_hostname'] as const),
        ...(['repository_uuid', 'repository_name', 'schedule_name', 'master_job_uuid'] as const),
        'cancel_requested',
        'correlation_id',
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
