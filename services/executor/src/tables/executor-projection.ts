import {
  outputLines,
  type JobEvent,
  type OutputEvent,
  type RunEvent,
  type RunRequested,
} from '@cyborgbackup/contracts';
import { defineProjection, defineReadModel, type ReadModel, type TableChanges } from '@cyborgbackup/projections';
import { type AttemptRow, type CheckRow, executor, type JobEventRow, type RunRow } from '@cyborgbackup/read-models';
import { backups } from './backups.ts';
import { drills } from './drills.ts';

const runRow = ({ uuid, policy, repository }: RunRequested): RunRow => ({
  run: uuid,
  policy: policy?.uuid ?? null,
  repository: repository?.uuid ?? null,
});

const runs = defineReadModel<RunRow, RunEvent>(executor.runs, {
  'run-requested': ({ data }, table) => table.put(runRow(data)),
});

interface AttemptEnd {
  readonly data: { readonly job: string; readonly attempt: number };
  readonly metadata: { readonly occurredAt: string };
}

const recordEnd = ({ data: { job, attempt }, metadata }: AttemptEnd, table: TableChanges<AttemptRow>) =>
  table.update({ job, attempt }, { ended_at: metadata.occurredAt });

const attempts = defineReadModel<AttemptRow, JobEvent>(executor.attempts, {
  'job-started': ({ data: { job, run, attempt }, metadata }, table) =>
    table.put({ job, attempt, run, started_at: metadata.occurredAt, ended_at: null }),
  'job-attempt-lost': recordEnd,
  'job-succeeded': recordEnd,
  'job-failed': recordEnd,
  'job-canceled': recordEnd,
});

const checks = defineReadModel<CheckRow, RunEvent | JobEvent>(executor.checks, {
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

const jobEvents = defineReadModel<JobEventRow, OutputEvent>(executor.jobEvents, {
  'job-output-recorded': ({ data }, table) =>
    table.put(
      ...outputLines(data).map(({ progress, ...line }) => ({
        job_uuid: data.job,
        ...line,
        progress: progress ?? null,
      })),
    ),
});

const models: Record<keyof typeof executor, ReadModel> = { jobEvents, runs, attempts, backups, checks, drills };

export const executorProjection = defineProjection({
  name: 'executor',
  version: 6,
  models: Object.values(models),
});
