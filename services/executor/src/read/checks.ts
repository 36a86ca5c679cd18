import type { JobEvent, RunEvent } from '@cyborgbackup/contracts';
import { defineReadModel } from '@cyborgbackup/projections';
import { executor, type CheckRow } from '@cyborgbackup/read-models';

export const checks = defineReadModel<CheckRow, RunEvent | JobEvent>(executor.checks, {
  'run-requested': ({ data }, table) =>
    table.put(
      ...data.jobs
        .filter(({ job_type, check }) => job_type === 'integrity' || check === 'archives')
        .map(({ uuid }) => ({ job: uuid, run: data.uuid, ended_at: null, clean: false, damaged: [] })),
    ),
  'job-succeeded': ({ data, metadata }, table) =>
    data.check ? table.update({ job: data.job }, { ended_at: metadata.occurredAt, clean: true }) : [],
  'job-failed': ({ data, metadata }, table) =>
    data.check ? table.update({ job: data.job }, { ended_at: metadata.occurredAt, damaged: data.check.damaged }) : [],
});
