import { catalog, type ArchiveRow as StoredArchive } from '@cyborgbackup/read-models';
import { columnsOf } from '../../db/authored.ts';
import { fieldsOf, type ResourceSource } from './list-source.ts';

const HIDDEN = [
  ...(['job_uuid', 'archive_name', 'borg_id', 'repository_uuid', 'client_uuid', 'policy_uuid'] as const),
  ...(['started_at', 'finished_at', 'checked_at', 'removed', 'damaged', 'position'] as const),
  ...(['series_id', 'sequence', 'next_number', 'id_base'] as const),
] as const;

/** An archive, by the id of the job that made it; the names that the API has for its times. */
export type ArchiveRow = Omit<StoredArchive, (typeof HIDDEN)[number]> & {
  readonly id: number;
  readonly name: string;
  readonly started: string;
  readonly finished: string;
  readonly checked: string | null;
  readonly client: number | null;
  readonly client_hostname: string | null;
  readonly policy: number | null;
  readonly policy_name: string | null;
  readonly repository: number | null;
  readonly repository_name: string | null;
};

/** In SQL: the client `c`, the policy `p` and the repository `r` of an archive, each null once it was removed. */
export const inventoryJoins = (archive: string): string => `
  left join inventory.clients c on c.uuid = ${archive}.client_uuid
  left join inventory.policies p on p.uuid = ${archive}.policy_uuid
  left join inventory.repositories r on r.uuid = ${archive}.repository_uuid`;

/** All archives in the repositories; an archive's id is that of the job that made it. */
export const archives: ResourceSource = {
  name: 'archives',
  label: 'Archive',
  type: 'archive',
  table: catalog.archives.name,
  query: 'select j.id, a.* from catalog.archives a join scheduler.jobs j on j.uuid = a.job_uuid where not a.removed',
  rows: {
    select: `t.id, ${columnsOf(catalog.archives, HIDDEN, 'a')}, a.archive_name as name, a.started_at as started,
      a.finished_at as finished, a.checked_at as checked, c.id as client, c.hostname as client_hostname, p.id as policy,
      p.name as policy_name, r.id as repository, r.name as repository_name`,
    from: `scheduler.jobs t join catalog.archives a on a.job_uuid = t.uuid and not a.removed ${inventoryJoins('a')}`,
  },
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
