import type { CatalogEvent, JobEvent, RunEvent } from '@cyborgbackup/contracts';
import { defineReadModel, type TableChanges } from '@cyborgbackup/projections';

/**
 * One archive, by the backup job that makes it. The row is there from the moment the backup is planned, and stays when the
 * archive is gone: `removed` tells whether the repository has it.
 */
export interface ArchiveRow {
  readonly job_uuid: string;
  readonly archive_name: string;
  readonly borg_id: string;
  readonly repository_uuid: string | null;
  readonly client_uuid: string | null;
  readonly policy_uuid: string | null;
  /** The virtual machine's id at its hypervisor, or empty. */
  readonly machine: string;
  readonly started_at: string | null;
  readonly finished_at: string | null;
  readonly files: number;
  readonly original_size: number;
  readonly compressed_size: number;
  readonly deduplicated_size: number;
  /** Entries in the catalog. */
  readonly entries: number;
  /** Whether it has been listed to its end. */
  readonly complete: boolean;
  readonly removed: boolean;
  /** The archive is there although its job failed: the source was empty or shrank. */
  readonly failed: boolean;
  readonly healthy: boolean;
  /** A check found damage. */
  readonly damaged: boolean;
  readonly checked_at: string | null;
  /** Where the log told of it. */
  readonly position: number;
  /** Of the listing that is shown; set by the listing's steps. */
  readonly series: number | null;
  readonly sequence: number | null;
  /** Entries that its listing did not know yet have numbers from here on. */
  readonly next: number | null;
  /** Together with an entry's number its id in the API. */
  readonly id_base: number | null;
}

type Planned = Pick<
  ArchiveRow,
  'job_uuid' | 'archive_name' | 'repository_uuid' | 'client_uuid' | 'policy_uuid' | 'machine'
>;

const planned = (facts: Planned): ArchiveRow => ({
  ...facts,
  borg_id: '',
  started_at: null,
  finished_at: null,
  files: 0,
  original_size: 0,
  compressed_size: 0,
  deduplicated_size: 0,
  entries: 0,
  complete: false,
  removed: true,
  failed: false,
  healthy: true,
  damaged: false,
  checked_at: null,
  position: 0,
  series: null,
  sequence: null,
  next: null,
  id_base: null,
});

/** The archives that the backups of a run will make. */
const plannedBy = ({ jobs, repository, policy }: RunEvent['data']): readonly ArchiveRow[] =>
  jobs
    .filter(({ job_type }) => job_type === 'job')
    .map(({ uuid, archive_name, client, machine }) =>
      planned({
        job_uuid: uuid,
        archive_name: archive_name ?? '',
        repository_uuid: repository?.uuid ?? null,
        client_uuid: client?.uuid ?? null,
        policy_uuid: policy?.uuid ?? null,
        machine: machine?.id ?? '',
      }),
    );

type Facts = NonNullable<Extract<JobEvent, { type: 'job-succeeded' }>['data']['archive']>;

/** What borg told of it; anything else is as it was planned. */
const made = ({ name, duration: _duration, ...facts }: Facts, at: { position: bigint; failed: boolean }) => ({
  archive_name: name,
  ...facts,
  removed: false,
  failed: at.failed,
  position: Number(at.position),
});

const gone = (job: string, table: TableChanges<ArchiveRow>) =>
  table.update({ job_uuid: job }, { removed: true, complete: false, entries: 0 });

export const archives = defineReadModel<ArchiveRow, JobEvent | CatalogEvent | RunEvent>({
  table: 'archives',
  columns: {
    job_uuid: 'uuid',
    archive_name: 'text',
    borg_id: 'text',
    repository_uuid: 'uuid?',
    client_uuid: 'uuid?',
    policy_uuid: 'uuid?',
    machine: 'text',
    started_at: 'timestamptz?',
    finished_at: 'timestamptz?',
    files: 'safeint',
    original_size: 'safeint',
    compressed_size: 'safeint',
    deduplicated_size: 'safeint',
    entries: 'safeint',
    complete: 'bool',
    removed: 'bool',
    failed: 'bool',
    healthy: 'bool',
    damaged: 'bool',
    checked_at: 'timestamptz?',
    position: 'safeint',
    series: 'int4?',
    sequence: 'int4?',
    next: 'int4?',
    id_base: 'safeint?',
  },
  key: ['job_uuid'],
  indexes: ['(repository_uuid, archive_name)', '(archive_name)', '(id_base)', '(policy_uuid, client_uuid)'],
  lookups: ['(series, sequence)'],
  on: {
    'run-requested': ({ data }, table) => table.put(...plannedBy(data)),
    'run-extended': ({ data }, table) => table.put(...plannedBy(data)),
    'job-succeeded': ({ data: { job, archive, repository, client }, position }, table) =>
      archive
        ? table.upsert({ job_uuid: job }, (row) => ({
            ...(row ??
              planned({
                job_uuid: job,
                archive_name: archive.name,
                repository_uuid: repository,
                client_uuid: client,
                policy_uuid: null,
                machine: '',
              })),
            repository_uuid: repository,
            client_uuid: client,
            ...made(archive, { position, failed: false }),
          }))
        : [],
    'job-failed': ({ data: { job, archive }, position }, table) =>
      archive ? table.update({ job_uuid: job }, made(archive, { position, failed: true })) : [],
    'archive-removed': ({ data }, table) => gone(data.job, table),
    'archive-vanished': ({ data }, table) => gone(data.job, table),
    'archive-reappeared': ({ data }, table) => table.update({ job_uuid: data.job }, { removed: false }),
  },
});
