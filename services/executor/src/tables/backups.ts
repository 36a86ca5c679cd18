import type { ArchiveFacts, CatalogEvent, JobEvent, PlannedJob, RunEvent } from '@cyborgbackup/contracts';
import { defineReadModel } from '@cyborgbackup/projections';
import { executor, type BackupRow } from '@cyborgbackup/read-models';

const UNMADE = {
  begun_at: null,
  begun_position: null,
  started_at: null,
  duration: 0,
  files: 0,
  original_size: 0,
  succeeded: false,
  removed: false,
};

const plannedBackups = (run: string, jobs: readonly PlannedJob[]): BackupRow[] =>
  jobs
    .filter(({ job_type }) => job_type === 'job')
    .map(({ uuid, client, machine, archive_name }) => ({
      ...UNMADE,
      job: uuid,
      run,
      client: client?.uuid ?? null,
      machine: machine?.id ?? '',
      archive: archive_name,
    }));

const made = (archive: ArchiveFacts | null, succeeded: boolean): Partial<BackupRow> =>
  archive
    ? {
        archive: archive.name,
        started_at: archive.started_at,
        duration: archive.duration,
        files: archive.files,
        original_size: archive.original_size,
        succeeded,
      }
    : {};

export const backups = defineReadModel<BackupRow, RunEvent | JobEvent | CatalogEvent>(executor.backups, {
  'run-requested': ({ data }, table) => table.put(...plannedBackups(data.uuid, data.jobs)),
  'run-extended': ({ data }, table) => table.put(...plannedBackups(data.uuid, data.jobs)),
  'job-started': ({ data, metadata, position }, table) =>
    table.update({ job: data.job }, { begun_at: metadata.occurredAt, begun_position: Number(position) }),
  'job-succeeded': ({ data }, table) => table.update({ job: data.job }, made(data.archive, true)),
  'job-failed': ({ data }, table) => table.update({ job: data.job }, made(data.archive, false)),
  'archive-removed': ({ data }, table) => table.update({ job: data.job }, { removed: true }),
  'archive-reappeared': ({ data }, table) => table.update({ job: data.job }, { removed: false }),
});
