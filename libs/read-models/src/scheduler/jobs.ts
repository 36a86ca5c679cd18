import type { JobEnd, JobType, LaunchType } from '@cyborgbackup/contracts';
import { defineTable, typed, type RowOf } from '@cyborgbackup/projections/define';

/**
 * The jobs that have not ended:
 * waiting = waits for other jobs; pending = could run, waits for its repository, its client or an executor;
 * running = an executor has it.
 */
export const ACTIVE_JOB_STATUSES = ['waiting', 'pending', 'running'] as const;

export type JobStatus = (typeof ACTIVE_JOB_STATUSES)[number] | JobEnd;

/** Whether a job may still run, or runs. */
export const isActiveStatus = (status: JobStatus): boolean => ACTIVE_JOB_STATUSES.some((active) => active === status);

/** All jobs there ever were. Sizes in bytes. */
export const jobs = defineTable('scheduler.jobs', {
  columns: {
    uuid: 'uuid',
    id: 'int4',
    run: 'uuid',
    name: 'text',
    job_type: typed<JobType>('text'),
    /** What it does, where its type does not say it all: what a check looks at, or `drill`. */
    task: 'text?',
    launch_type: typed<LaunchType>('text'),
    /** Names what it prepares, if it is a preparation: one serves all runs that need the same. */
    preparation: 'uuid?',
    /**
     * What a restore puts where (`restoreRequest`), null for other jobs. As the text of its JSON, whose escapes keep paths that
     * are not UTF-8; jsonb refuses them.
     */
    restore: 'text?',
    status: typed<JobStatus>('text'),
    /** True for failed, error and canceled. */
    failed: 'bool',
    policy: 'int4?',
    policy_uuid: 'uuid?',
    policy_name: 'text',
    policy_type: 'text',
    client: 'int4?',
    client_uuid: 'uuid?',
    client_hostname: 'text',
    /** The client's virtual machine that it is about. */
    machine_id: 'text?',
    machine_name: 'text?',
    repository: 'int4?',
    repository_uuid: 'uuid?',
    repository_name: 'text',
    schedule: 'int4?',
    schedule_name: 'text',
    /** Due time of the run, when a schedule started it. */
    due_at: 'timestamptz?',
    needs: 'uuid[]',
    /** The backup that this job follows up. */
    master_job: 'int4?',
    master_job_uuid: 'uuid?',
    /** The job of its run that comes next. */
    dependent_jobs: 'int4?',
    archive_name: 'text?',
    /** Start of the first attempt. */
    started: 'timestamptz?',
    finished: 'timestamptz?',
    attempt: 'int4',
    /** When it is tried again; null when it does not pause before its next attempt. */
    paused_until: 'timestamptz?',
    /** Who ran the latest attempt; empty before the first. */
    executor: 'text',
    cancel_requested: 'bool',
    job_explanation: 'text',
    warnings: 'text[]',
    /** What it did beside its archive; null until it has ended. */
    result: 'jsonb?',
    original_size: 'safeint',
    compressed_size: 'safeint',
    deduplicated_size: 'safeint',
    files: 'safeint',
    created: 'timestamptz',
    modified: 'timestamptz',
    /** The user who launched it; null for what a schedule started. */
    created_by: 'uuid?',
    /** The user who launched or canceled it last; what services do with it changes `modified` only. */
    modified_by: 'uuid?',
    /** Of the request that started the run; what follows from it carries it on. */
    correlation_id: 'text',
    /** Counts the changes of this row: the API's ETag. */
    revision: 'int4',
  },
  key: ['uuid'],
  indexes: [
    '(id)',
    '(run)',
    '(policy, id)',
    '(client, id)',
    '(repository, id)',
    '(status, id)',
    '(created)',
    // The latest archive of each client, for drills.
    "(policy_uuid, client_uuid, id DESC) WHERE job_type = 'job' AND status = 'successful'",
    // Few rows, asked for by each launch and by each scheduler that starts.
    '(repository_uuid, client_uuid) WHERE finished IS NULL',
    '(preparation) WHERE preparation IS NOT NULL',
  ],
});
export type JobRow = RowOf<typeof jobs>;
