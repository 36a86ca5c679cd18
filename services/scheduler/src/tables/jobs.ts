import { type GrantEvent, jobEndOf, type JobEvent, type RunEvent } from '@cyborgbackup/contracts';
import type { RecordedEvent } from '@cyborgbackup/kernel';
import { type Change, defineReadModel, type TableChanges } from '@cyborgbackup/projections';
import { type JobRow, scheduler } from '@cyborgbackup/read-models';
import { knownEvent } from './known-event.ts';
import { actingUser, plannedRows } from './planned-rows.ts';

type Ended = Extract<JobEvent, { type: 'job-succeeded' | 'job-failed' }>;

/** What a job did beside its archive, for its row: what it has nothing to say of is null. */
const outcomeOf = (event: Pick<Ended, 'type' | 'data'>): object => {
  const { data } = event;
  const { restored, check, drill } = data;
  return {
    files: data.archive?.files ?? null,
    restored,
    check,
    // The files of a drill are shown with the drill.
    drill: drill && { archive: drill.archive, passed: drill.passed, files: drill.files.length, bytes: drill.bytes },
    pruned: 'pruned' in data ? data.pruned : [],
    machines: 'machines' in data ? data.machines : [],
  };
};

type JobChange<E extends JobEvent | GrantEvent> = (row: JobRow, event: RecordedEvent<E>) => Partial<JobRow> | undefined;

/** Changes the row of the event's job, and who changed it and when; undefined leaves it as it is. */
const changeJob =
  <E extends JobEvent | GrantEvent>(change: JobChange<E>) =>
  (event: RecordedEvent<E>, table: TableChanges<JobRow>): Change<JobRow> =>
    table.update({ uuid: event.data.job }, (row) => {
      const changes = change(row, event);
      return (
        changes && {
          ...row,
          ...changes,
          modified: event.metadata.occurredAt,
          modified_by: actingUser(event.metadata) ?? row.modified_by,
          revision: row.revision + 1,
        }
      );
    });

/** What a job's end says about it, however it ended. */
const ended = <E extends JobEvent>(row: JobRow, event: RecordedEvent<E>): Partial<JobRow> => {
  const status = jobEndOf(knownEvent<JobEvent>(event)) ?? row.status;
  return { status, failed: status !== 'successful', finished: event.metadata.occurredAt, paused_until: null };
};

/** What it needs has succeeded. */
const endWaiting = changeJob<GrantEvent>((row) => (row.status === 'waiting' ? { status: 'pending' } : undefined));

export const jobs = defineReadModel<JobRow, RunEvent | GrantEvent | JobEvent>(scheduler.jobs, {
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
  'job-ready': endWaiting,
  'job-granted': endWaiting,
  'job-started': changeJob((row, { data, metadata }) => ({
    status: 'running',
    started: row.started ?? metadata.occurredAt,
    attempt: data.attempt,
    executor: data.executor,
    job_explanation: '',
  })),
  'job-attempt-lost': changeJob((_row, { data }) => ({
    status: 'pending',
    job_explanation: data.reason,
    paused_until: data.pause?.until ?? null,
  })),
  'job-pause-ended': changeJob(() => ({ paused_until: null })),
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
});
