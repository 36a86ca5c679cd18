import type { RowSource } from '../../list/index.ts';

export interface CatalogRow {
  readonly id: number;
  readonly archive_name: string;
  readonly path: string;
  readonly job: number;
  readonly mode: string;
  readonly mtime: string;
  readonly owner: string;
  readonly group: string;
  readonly size: number;
  readonly healthy: boolean;
}

/** An entry names its job by uuid; the job knows its integer id and the archive. */
export const catalogSource: RowSource = {
  select: `t.id, j.archive_name, t.path, j.id as job, t.mode, t.mtime, t.owner, t.group_name as "group", t.size, t.healthy`,
  from: 'catalog.entries t join scheduler.jobs j on j.uuid = t.job_uuid',
};
