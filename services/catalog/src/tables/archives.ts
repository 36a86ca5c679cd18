import type { CatalogEvent, JobEvent, RunEvent } from '@cyborgbackup/contracts';
import { defineReadModel, type TableChanges } from '@cyborgbackup/projections';
import { catalog, type ArchiveRow } from '@cyborgbackup/read-models';

/** A row of which nothing is known but this. */
const planned = (known: Pick<ArchiveRow, 'job_uuid'> & Partial<ArchiveRow>): ArchiveRow => ({
  archive_name: '',
  repository_uuid: null,
  client_uuid: null,
  policy_uuid: null,
  machine: '',
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
  unsafe: null,
  position: 0,
  series_id: null,
  sequence: null,
  next_number: null,
  id_base: null,
  ...known,
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

/** What borg reported of an archive; the other columns stay as they were planned. */
const made = ({ name, duration: _duration, ...facts }: Facts, at: { position: bigint; failed: boolean }) => ({
  archive_name: name,
  ...facts,
  removed: false,
  failed: at.failed,
  position: Number(at.position),
});

const gone = (job: string, table: TableChanges<ArchiveRow>) =>
  table.update({ job_uuid: job }, { removed: true, complete: false, entries: 0 });

export const archives = defineReadModel<ArchiveRow, JobEvent | CatalogEvent | RunEvent>(catalog.archives, {
  'run-requested': ({ data }, table) => table.put(...plannedBy(data)),
  'run-extended': ({ data }, table) => table.put(...plannedBy(data)),
  'job-succeeded': ({ data: { job, archive, repository, client }, position }, table) =>
    archive
      ? table.upsert({ job_uuid: job }, (row) => ({
          ...(row ?? planned({ job_uuid: job })),
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
});
