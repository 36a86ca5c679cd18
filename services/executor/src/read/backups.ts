import type { ArchiveFacts, CatalogEvent, JobEvent, PlannedJob, RunEvent } from '@cyborgbackup/contracts';
import { defineReadModel } from '@cyborgbackup/projections';

/**
 * One backup, and what became of its archive. Backups of one policy, client and machine are a series: what retention
 * thins out, and what a new backup's size and duration are held against.
 */
export interface BackupRow {
  readonly job: string;
  /** Names the run, and by that the policy; see runs.ts. */
  readonly run: string;
  readonly client: string | null;
  /** Empty unless the backup is of a virtual machine. */
  readonly machine: string;
  /** As planned, then as made. */
  readonly archive: string | null;
  /** Null until the archive is complete, as far as is known. */
  readonly begun: string | null;
  /** Seconds. */
  readonly duration: number;
  readonly files: number;
  readonly original_size: number;
  /** The backup succeeded. */
  readonly good: boolean;
  /** The archive was pruned, or is gone for another reason. */
  readonly removed: boolean;
}

const UNMADE = {
  begun: null,
  duration: 0,
  files: 0,
  original_size: 0,
  good: false,
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

const made = (archive: ArchiveFacts | null, good: boolean): Partial<BackupRow> =>
  archive
    ? {
        archive: archive.name,
        begun: archive.started_at,
        duration: archive.duration,
        files: archive.files,
        original_size: archive.original_size,
        good,
      }
    : {};

export const backups = defineReadModel<BackupRow, RunEvent | JobEvent | CatalogEvent>({
  table: 'backups',
  columns: {
    job: 'uuid',
    run: 'uuid',
    client: 'uuid?',
    machine: 'text',
    archive: 'text?',
    begun: 'timestamptz?',
    duration: 'float8',
    files: 'safeint',
    original_size: 'safeint',
    good: 'bool',
    removed: 'bool',
  },
  key: ['job'],
  indexes: ['(client, machine, begun)', '(archive)'],
  on: {
    'run-requested': ({ data }, table) => table.put(...plannedBackups(data.uuid, data.jobs)),
    'run-extended': ({ data }, table) => table.put(...plannedBackups(data.uuid, data.jobs)),
    'job-succeeded': ({ data }, table) => table.update({ job: data.job }, made(data.archive, true)),
    'job-failed': ({ data }, table) => table.update({ job: data.job }, made(data.archive, false)),
    'archive-removed': ({ data }, table) => table.update({ job: data.job }, { removed: true }),
    'archive-reappeared': ({ data }, table) => table.update({ job: data.job }, { removed: false }),
  },
});
