import { jobEndOf, type JobEvent, type GrantEvent, type RunEvent } from '@cyborgbackup/contracts';
import type { RecordedEvent } from '@cyborgbackup/kernel';
import { defineReadModel, type Change, type TableChanges } from '@cyborgbackup/projections';
import type { JobRow } from './job-row.ts';
import { knownEvent } from './known-event.ts';
import { outcomeOf } from './outcome.ts';
import { actingUser, plannedRows } from './planned-rows.ts';

type JobChange<E extends JobEvent | GrantEvent> = (row: JobRow, event: RecordedEvent<E>) => Partial<JobRow>;

/** Changes the row of the event's job, and who changed it and when. */
const changeJob =
  <E extends JobEvent | GrantEvent>(change: JobChange<E>) =>
  (event: RecordedEvent<E>, table: TableChanges<JobRow>): Change<JobRow> =>
    table.update({ uuid: event.data.job }, (row) => ({
      ...row,
      ...change(row, event),
      modified: event.metadata.occurredAt,
      modified_by: actingUser(event.metadata) ?? row.modified_by,
      revision: row.revision + 1,
    }));

/** What a job's end says about it, however it ended. */
const ended = <E extends JobEvent>(row: JobRow, event: RecordedEvent<E>): Partial<JobRow> => {
  const status = jobEndOf(knownEvent<JobEvent>(event)) ?? row.status;
  return { status, failed: status !== 'successful', finished: event.metadata.occurredAt };
};

export const jobs = defineReadModel<JobRow, RunEvent | GrantEvent | JobEvent>({
  table: 'jobs',
  columns: {
    uuid: 'uuid',
    id: 'int4',
    run: 'uuid',
    name: 'text',
    job_type: 'text',
    task: 'text?',
    launch_type: 'text',
    restore: 'text?',
    status: 'text',
    failed: 'bool',
    policy: 'int4?',
    policy_uuid: 'uuid?',
    policy_name: 'text',
    policy_type: 'text',
    client: 'int4?',
    client_uuid: 'uuid?',
    client_hostname: 'text',
    machine_id: 'text?',
    machine_name: 'text?',
    repository: 'int4?',
    repository_uuid: 'uuid?',
    repository_name: 'text',
    schedule: 'int4?',
    schedule_name: 'text',
    due_at: 'timestamptz?',
    needs: 'uuid[]',
    master_job: 'int4?',
    master_job_uuid: 'uuid?',
    dependent_jobs: 'int4?',
    archive_name: 'text?',
    started: 'timestamptz?',
    finished: 'timestamptz?',
    attempt: 'int4',
    executor: 'text',
    cancel_requested: 'bool',
    job_explanation: 'text',
    warnings: 'text[]',
    result: 'jsonb?',
    original_size: 'safeint',
    compressed_size: 'safeint',
    deduplicated_size: 'safeint',
    files: 'safeint',
    created: 'timestamptz',
    modified: 'timestamptz',
    created_by: 'uuid?',
    modified_by: 'uuid?',
    correlation_id: 'text',
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
  ],
  on: {
    'run-requested': ({ data, metadata }, table) =>
      table.put(...plannedRows({ ...data, user: actingUser(metadata) }, metadata)),
    'run-extended': ({ data, metadata }, table) => [
      table.put(...plannedRows({ ...data, user: data.requested_by }, metadata, [data.found_by])),
      table.update({ uuid: data.found_by }, (row) => ({
        ...row,
        dependent_jobs: data.jobs[0]?.id ?? null,
        modified: metadata.occurredAt,
        revision: row.revision + 1,
      })),
    ],
    'job-ready': changeJob((row) => (row.status === 'waiting' ? { status: 'pending' } : {})),
    'job-started': changeJob((row, { data, metadata }) => ({
      status: 'running',
      started: row.started ?? metadata.occurredAt,
      attempt: data.attempt,
      executor: data.executor,
      job_explanation: '',
    })),
    'job-attempt-lost': changeJob((_row, { data }) => ({ status: 'pending', job_explanation: data.reason })),
    'job-cancel-requested': changeJob(() => ({ cancel_requested: true })),
    'job-succeeded': changeJob((row, event) => ({
      ...ended(row, event),
      job_explanation: '',
      warnings: event.data.warnings,
      result: outcomeOf(event),
      ...(event.data.archive && {
        archive_name: event.data.archive.name,
        original_size: event.data.archive.original_size,
        compressed_size: event.data.archive.compressed_size,
        deduplicated_size: event.data.archive.deduplicated_size,
        files: event.data.archive.files,
      }),
    })),
    'job-failed': changeJob((row, event) => ({
      ...ended(row, event),
      job_explanation: event.data.reason,
      warnings: event.data.warnings,
      result: outcomeOf(event),
    })),
    'job-canceled': changeJob((row, event) => ({ ...ended(row, event), job_explanation: event.data.reason })),
  },
});
