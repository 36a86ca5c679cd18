import { columns, type ListSource } from './list-source.ts';

/** What is in the repositories; an archive's id is that of the job that made it. */
const ARCHIVES = `
  select j.id, a.job_uuid, a.archive_name as name, a.machine, a.started_at as started, a.finished_at as finished, a.files,
         a.original_size, a.compressed_size, a.deduplicated_size, a.entries, a.complete, a.healthy, a.failed,
         a.checked_at as checked, a.client_uuid, a.policy_uuid, a.repository_uuid
    from catalog.archives a join scheduler.jobs j on j.uuid = a.job_uuid
   where not a.removed`;

export const archives: ListSource = {
  name: 'archives',
  label: 'Archive',
  type: 'archive',
  table: 'catalog.archives',
  query: ARCHIVES,
  fields: {
    ...columns.int('id', 'files', 'original_size', 'compressed_size', 'deduplicated_size', 'entries'),
    ...columns.text('name', 'machine'),
    ...columns.timestamp('started', 'finished', 'checked'),
    ...columns.bool('complete', 'healthy', 'failed'),
  },
  relations: {
    job: { target: 'jobs', from: 'job_uuid', to: 'uuid', required: true },
    client: { target: 'clients', from: 'client_uuid', to: 'uuid' },
    policy: { target: 'policies', from: 'policy_uuid', to: 'uuid' },
    repository: { target: 'repositories', from: 'repository_uuid', to: 'uuid' },
  },
  search: ['name'],
  order: '-started',
};
