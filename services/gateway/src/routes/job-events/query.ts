import type { JobProgress, OutputKind } from '@cyborgbackup/contracts';
import type { RowSource } from '../../lists/index.ts';
import type { JobStatus } from '../jobs/schema.ts';

export interface JobEventRow {
  readonly id: number;
  readonly counter: number;
  readonly event: OutputKind;
  readonly stdout: string;
  readonly start_line: number;
  readonly end_line: number;
  readonly progress: JobProgress | null;
  readonly created: string;
  readonly job: number;
  readonly job_name: string;
  readonly job_status: JobStatus;
  readonly job_failed: boolean;
  readonly job_started: string | null;
  readonly job_finished: string | null;
}

export const jobEventSource: RowSource = {
  select: `t.id, t.counter, t.event, t.stdout, t.start_line, t.end_line, t.progress, t.created,
    j.id as job, j.name as job_name, j.status as job_status, j.failed as job_failed, j.started as job_started,
    j.finished as job_finished`,
  from: 'executor.job_events t join scheduler.jobs j on j.uuid = t.job_uuid',
};
