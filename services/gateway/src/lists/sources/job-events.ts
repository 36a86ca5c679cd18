import type { RowOf } from '@cyborgbackup/projections/define';
import { executor, type JobRow } from '@cyborgbackup/read-models';
import { columnsOf } from '../../db/authored.ts';
import { fieldsOf, type ResourceSource } from './list-source.ts';

export type JobEventRow = Omit<RowOf<typeof executor.jobEvents>, 'job_uuid'> & {
  readonly job: JobRow['id'];
  readonly job_name: JobRow['name'];
  readonly job_status: JobRow['status'];
  readonly job_failed: JobRow['failed'];
  readonly job_started: JobRow['started'];
  readonly job_finished: JobRow['finished'];
};

export const jobEvents: ResourceSource = {
  name: 'job_events',
  label: 'JobEvent',
  type: 'job_event',
  table: executor.jobEvents.name,
  rows: {
    select: `${columnsOf(executor.jobEvents, ['job_uuid'])}, j.id as job, j.name as job_name, j.status as job_status,
      j.failed as job_failed, j.started as job_started, j.finished as job_finished`,
    from: 'executor.job_events t join scheduler.jobs j on j.uuid = t.job_uuid',
  },
  fields: {
    ...fieldsOf(executor.jobEvents, { hide: ['job_uuid'] }),
    modified: { type: 'timestamp', column: 'created' },
    failed: { type: 'bool', sql: "($.event = 'error')" },
  },
  relations: { job: { target: 'jobs', from: 'job_uuid', to: 'uuid', required: true } },
  search: ['stdout'],
};
