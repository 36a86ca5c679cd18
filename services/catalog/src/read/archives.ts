import type { CatalogEvent, JobEvent } from '@cyborgbackup/contracts';
import { defineReadModel } from '@cyborgbackup/projections';

/** One archive, by the backup job that made it. Rows stay when the archive is removed: its history is still read. */
export interface ArchiveRow {
  readonly job_uuid: string;
  readonly archive_name: string;
  readonly borg_id: string;
  readonly repository_uuid: string | null;
  readonly client_uuid: string | null;
  readonly started_at: string;
  readonly finished_at: string;
  readonly files: number;
  readonly original_size: number;
  readonly compressed_size: number;
  readonly deduplicated_size: number;
  /** Entries in the catalog. */
  readonly entries: number;
  readonly complete: boolean;
  readonly removed: boolean;
}

export const archives = defineReadModel<ArchiveRow, JobEvent | CatalogEvent>({
  table: 'archives',
  columns: {
    job_uuid: 'uuid',
    archive_name: 'text',
    borg_id: 'text',
    repository_uuid: 'uuid?',
    client_uuid: 'uuid?',
    started_at: 'timestamptz',
    finished_at: 'timestamptz',
    files: 'safeint',
    original_size: 'safeint',
    compressed_size: 'safeint',
    deduplicated_size: 'safeint',
    entries: 'safeint',
    complete: 'bool',
    removed: 'bool',
  },
  key: ['job_uuid'],
  indexes: ['(repository_uuid, archive_name)', '(archive_name)'],
  on: {
    'job-succeeded': ({ data }, table) => {
      if (!data.archive) return [];
      const { name, duration: _duration, ...facts } = data.archive;
      return table.put({
        job_uuid: data.job,
        archive_name: name,
        repository_uuid: data.repository,
        client_uuid: data.client,
        ...facts,
        entries: 0,
        complete: false,
        removed: false,
      });
    },
    'catalog-completed': ({ data }, table) =>
      table.update({ job_uuid: data.job }, { entries: data.entries, complete: true }),
    'archive-forgotten': ({ data }, table) => table.update({ job_uuid: data.job }, { entries: 0, removed: true }),
  },
});
