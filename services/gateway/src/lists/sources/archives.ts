import { catalog } from '@cyborgbackup/read-models';
import { fieldsOf, type ListSource } from './list-source.ts';

/** All archives in the repositories; an archive's id is that of the job that made it. */
export const archives: ListSource = {
  name: 'archives',
  label: 'Archive',
  type: 'archive',
  table: catalog.archives.name,
  query: 'select j.id, a.* from catalog.archives a join scheduler.jobs j on j.uuid = a.job_uuid where not a.removed',
  fields: {
    id: { type: 'int' },
    ...fieldsOf(catalog.archives, {
      only: [
        ...(['files', 'original_size', 'compressed_size', 'deduplicated_size', 'entries', 'machine'] as const),
        ...(['complete', 'healthy', 'failed'] as const),
      ],
      renamed: { name: 'archive_name', started: 'started_at', finished: 'finished_at', checked: 'checked_at' },
    }),
  },
  relations: {
    job: { target: 'jobs', from: 'job_uuid', to: 'uuid', required: true },
    client: { target: 'clients', from: 'client_uuid', to: 'uuid' },
    policy: { target: 'policies', from: 'policy_uuid', to: 'uuid' },
    repository: { target: 'repositories', from: 'repository_uuid', to: 'uuid' },
  },
  search: ['archive_name'],
  order: '-started',
};
