import { defineTable, type RowOf } from '@cyborgbackup/projections/define';

/**
 * One backup, and what became of its archive. Backups of one policy, client and machine are an archive series: retention
 * thins it out, and the size and duration of a new backup are compared with it.
 */
export const backups = defineTable('executor.backups', {
  columns: {
    job: 'uuid',
    /** Names the run, and by that the policy; see `runs`. */
    run: 'uuid',
    client: 'uuid?',
    /** Empty unless the backup is of a virtual machine. */
    machine: 'text',
    /** As planned, then as made. */
    archive: 'text?',
    /** When the attempt that made it began, by our clock, and where the log says so. Null until an attempt begins. */
    begun_at: 'timestamptz?',
    begun_position: 'safeint?',
    /** By the clock of the host that made the archive. Null until the archive is complete, as far as is known. */
    started_at: 'timestamptz?',
    /** Seconds. */
    duration: 'float8',
    files: 'safeint',
    original_size: 'safeint',
    succeeded: 'bool',
    /** The archive was pruned, or is gone for another reason. */
    removed: 'bool',
  },
  key: ['job'],
  indexes: ['(client, machine, begun_position)', '(archive)'],
});
export type BackupRow = RowOf<typeof backups>;

/** In SQL, of a backup: its archive is complete and has not been removed. */
export const hasArchive = (backup: string): string => `${backup}.started_at is not null and not ${backup}.removed`;

/** One `borg check` of a repository. */
export const checks = defineTable('executor.checks', {
  columns: {
    job: 'uuid',
    /** Names the run, and by that the repository; see `runs`. */
    run: 'uuid',
    /** Null until it has a result. */
    ended_at: 'timestamptz?',
    /** No damage was found. */
    clean: 'bool',
    /** Names of archives; borg cannot always tell which ones damage is in. */
    damaged: 'text[]',
  },
  key: ['job'],
  indexes: ['(run)'],
});
export type CheckRow = RowOf<typeof checks>;

/** One restore drill, planned or run. */
export const drills = defineTable('executor.drills', {
  columns: {
    /** Of its job. */
    id: 'int4',
    job: 'uuid',
    policy_id: 'int4?',
    policy_uuid: 'uuid?',
    policy_name: 'text',
    client_id: 'int4?',
    client_uuid: 'uuid?',
    client_hostname: 'text',
    /** The virtual machine's name or id, or empty. */
    machine: 'text',
    archive_name: 'text',
    /** The choice of files follows from it. */
    seed: 'text',
    requested_at: 'timestamptz',
    ended_at: 'timestamptz?',
    /** Null while there is no result: it has not ended, or was canceled. */
    passed: 'bool?',
    /** Files that were compared, and those that were not as they should be. */
    files: 'int4',
    failed_files: 'int4',
    bytes: 'safeint',
    /** Seconds. */
    duration: 'float8?',
    /** Why it failed; empty otherwise. */
    reason: 'text',
  },
  key: ['job'],
  indexes: ['(id)', '(client_uuid, policy_uuid, machine, ended_at)'],
});
export type DrillRow = RowOf<typeof drills>;
