import type { JobProgress, OutputEvent } from '@cyborgbackup/contracts';
import { defineReadModel } from '@cyborgbackup/projections';

/** One line (or block of lines) of a job's output. */
export interface JobEventRow {
  readonly id: number;
  readonly job_uuid: string;
  readonly counter: number;
  readonly event: string;
  readonly stdout: string;
  readonly start_line: number;
  readonly end_line: number;
  readonly progress: JobProgress | null;
  readonly created: string;
}

export const jobEvents = defineReadModel<JobEventRow, OutputEvent>({
  table: 'job_events',
  columns: {
    id: 'safeint',
    job_uuid: 'uuid',
    counter: 'int4',
    event: 'text',
    stdout: 'text',
    start_line: 'int4',
    end_line: 'int4',
    progress: 'jsonb?',
    created: 'timestamptz',
  },
  key: ['id'],
  indexes: ['(job_uuid, counter)'],
  on: {
    'job-output-recorded': ({ data }, table) =>
      table.put(
        ...data.lines.map(({ progress, ...line }, index) => ({
          id: data.first_id + index,
          job_uuid: data.job,
          ...line,
          progress: progress ?? null,
        })),
      ),
  },
});
