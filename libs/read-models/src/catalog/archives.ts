import { defineTable, type RowOf } from '@cyborgbackup/projections/define';

/**
 * One archive, by the backup job that makes it. The row is there from the moment the backup is planned, and stays when the
 * archive is gone: `removed` tells whether the repository has it.
 */
export const archives = defineTable('catalog.archives', {
  columns: {
    job_uuid: 'uuid',
    archive_name: 'text',
    borg_id: 'text',
    repository_uuid: 'uuid?',
    client_uuid: 'uuid?',
    policy_uuid: 'uuid?',
    /** The virtual machine's id at its hypervisor, or empty. */
    machine: 'text',
    started_at: 'timestamptz?',
    finished_at: 'timestamptz?',
    files: 'safeint',
    original_size: 'safeint',
    compressed_size: 'safeint',
    deduplicated_size: 'safeint',
    /** Entries in the catalog. */
    entries: 'safeint',
    /** Whether it has been listed to its end. */
    complete: 'bool',
    removed: 'bool',
    /** The archive is there although its job failed: the source was empty or shrank. */
    failed: 'bool',
    healthy: 'bool',
    /** A check found damage. */
    damaged: 'bool',
    checked_at: 'timestamptz?',
    /** Why it is not safe to extract; null for a safe one, and until it is listed. */
    unsafe: 'text?',
    /** Of the event that told of it in the log. */
    position: 'safeint',
    /** Of its latest complete listing; set by the listing's steps. */
    series_id: 'int4?',
    sequence: 'int4?',
    /** Entries that are new with a later listing of the series have numbers from here on. */
    next_number: 'int4?',
    /** With an entry's number added its id in the API. */
    id_base: 'safeint?',
  },
  key: ['job_uuid'],
  indexes: ['(repository_uuid, archive_name)', '(archive_name)', '(id_base)', '(policy_uuid, client_uuid)'],
  lookups: ['(series_id, sequence)'],
});
export type ArchiveRow = RowOf<typeof archives>;

/** Where the entries of an archive are, once it was listed to its end. */
export type ListedArchive = {
  readonly [Name in 'series_id' | 'sequence' | 'next_number' | 'id_base']: NonNullable<ArchiveRow[Name]>;
};

/** In SQL, of an archive: it is in its repository, and its entries are in the catalog. */
export const isListed = (archive: string): string => `${archive}.complete and not ${archive}.removed`;

/**
 * In SQL, of an archive: the id of an entry in the API may be one of its own. Ids of archives never overlap, so of all listed
 * archives the one with the highest `id_base` has it.
 */
export const mayHaveId = (archive: string, id: string): string =>
  `${archive}.id_base <= ${id} and ${archive}.id_base > ${id} - 2147483647`;

/** The archives of one policy, client and machine in one repository. Written by the listing's steps. */
export const archiveSeries = defineTable('catalog.archive_series', {
  columns: {
    id: 'int4',
    uuid: 'uuid',
    /** Of the latest listing that began. */
    sequence: 'int4',
    /** The number of the next new entry. */
    next_number: 'int4',
    /** How many entries the latest complete listing has. */
    previous_entries: 'int4',
    /** The listing that is under way. */
    listing: 'uuid?',
  },
  key: ['id'],
  lookups: ['(uuid)'],
});
export type ArchiveSeriesRow = RowOf<typeof archiveSeries>;
