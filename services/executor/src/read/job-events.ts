import type { OutputEvent } from '@cyborgbackup/contracts';
import { defineReadModel } from '@cyborgbackup/projections';
import { executor, type JobEventRow } from '@cyborgbackup/read-models';

export const jobEvents = defineReadModel<JobEventRow, OutputEvent>(executor.jobEvents, {
  'job-output-recorded': ({ data }, table) =>
    table.put(
      ...data.lines.map(({ progress, ...line }, index) => ({
        id: data.first_id + index,
        job_uuid: data.job,
        ...line,
        progress: progress ?? null,
      })),
    ),
});
