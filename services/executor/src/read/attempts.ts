import type { JobEvent } from '@cyborgbackup/contracts';
import { defineReadModel } from '@cyborgbackup/projections';
import { executor, type AttemptRow } from '@cyborgbackup/read-models';

export const attempts = defineReadModel<AttemptRow, JobEvent>(executor.attempts, {
  'job-started': ({ data: { job, run, attempt } }, table) =>
    table.put({ job, attempt, run, pid: null, host: '', process_started_at: null, ended_at: null }),
  'job-process-started': ({ data: { job, attempt, pid, host }, metadata }, table) =>
    table.update({ job, attempt }, { pid, host, process_started_at: metadata.occurredAt }),
  'job-attempt-lost': ({ data: { job, attempt }, metadata }, table) =>
    table.update({ job, attempt }, { ended_at: metadata.occurredAt }),
  'job-succeeded': ({ data: { job, attempt }, metadata }, table) =>
    table.update({ job, attempt }, { ended_at: metadata.occurredAt }),
  'job-failed': ({ data: { job, attempt }, metadata }, table) =>
    table.update({ job, attempt }, { ended_at: metadata.occurredAt }),
  'job-canceled': ({ data: { job, attempt }, metadata }, table) =>
    table.update({ job, attempt }, { ended_at: metadata.occurredAt }),
});
