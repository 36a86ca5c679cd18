import type { JobProgress, OutputKind } from '@cyborgbackup/contracts';
import { defineTable, typed, type RowOf } from '@cyborgbackup/projections/define';

/** One line (or block of lines) of a job's output. */
export const jobEvents = defineTable('executor.job_events', {
  columns: {
    id: 'safeint',
    job_uuid: 'uuid',
    counter: 'int4',
    event: typed<OutputKind>('text'),
    stdout: 'text',
    start_line: 'int4',
    end_line: 'int4',
    progress: typed<JobProgress | null>('jsonb?'),
    created: 'timestamptz',
  },
  key: ['id'],
  indexes: ['(job_uuid, counter)'],
});
export type JobEventRow = RowOf<typeof jobEvents>;
