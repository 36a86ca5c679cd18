import type { JobEvent } from '@cyborgbackup/contracts';
import { defineReadModel } from '@cyborgbackup/projections';

/** One attempt of a job, and its latest borg. Tells whose lock it is that somebody finds. */
export interface AttemptRow {
  readonly job: string;
  readonly attempt: number;
  /** Names the repository; see runs.ts. */
  readonly run: string;
  /** Of borg on its host; null until it runs. */
  readonly pid: number | null;
  /** client, repository or executor; empty until borg runs. */
  readonly host: string;
  readonly begun: string | null;
  /** When the attempt was known as lost, or the job was over. */
  readonly ended: string | null;
}

export const attempts = defineReadModel<AttemptRow, JobEvent>({
  table: 'attempts',
  columns: {
    job: 'uuid',
    attempt: 'int4',
    run: 'uuid',
    pid: 'int4?',
    host: 'text',
    begun: 'timestamptz?',
    ended: 'timestamptz?',
  },
  key: ['job', 'attempt'],
  indexes: ['(run)'],
  on: {
    'job-started': ({ data: { job, run, attempt } }, table) =>
      table.put({ job, attempt, run, pid: null, host: '', begun: null, ended: null }),
    'job-process-started': ({ data: { job, attempt, pid, host }, metadata }, table) =>
      table.update({ job, attempt }, { pid, host, begun: metadata.occurredAt }),
    'job-attempt-lost': ({ data: { job, attempt }, metadata }, table) =>
      table.update({ job, attempt }, { ended: metadata.occurredAt }),
    'job-succeeded': ({ data: { job, attempt }, metadata }, table) =>
      table.update({ job, attempt }, { ended: metadata.occurredAt }),
    'job-failed': ({ data: { job, attempt }, metadata }, table) =>
      table.update({ job, attempt }, { ended: metadata.occurredAt }),
    'job-canceled': ({ data: { job, attempt }, metadata }, table) =>
      table.update({ job, attempt }, { ended: metadata.occurredAt }),
  },
});
