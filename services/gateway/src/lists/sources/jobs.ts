import { authors, columns, type ListSource } from './list-source.ts';

export const jobs: ListSource = {
  name: 'jobs',
  label: 'Job',
  type: 'job',
  table: 'scheduler.jobs',
  fields: {
    ...columns.int('id', 'policy', 'client', 'repository', 'schedule', 'master_job', 'dependent_jobs', 'attempt'),
    ...columns.text('name', 'job_type', 'launch_type', 'status', 'archive_name', 'job_explanation', 'policy_type'),
    ...columns.text('executor', 'task', 'machine_id', 'machine_name'),
    ...columns.bool('failed'),
    ...columns.timestamp('created', 'modified', 'started', 'finished', 'due_at'),
    ...columns.int('original_size', 'compressed_size', 'deduplicated_size', 'files'),
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
