import type { CatalogEvent } from '@cyborgbackup/contracts';
import { defineReadModel } from '@cyborgbackup/projections';
import { rawPath, readablePath } from './entry-path.ts';

/** One item of an archive. */
export interface EntryRow {
  readonly id: number;
  readonly job_uuid: string;
  readonly path: string;
  /** base64 of the path's bytes, where they are not UTF-8 and `path` cannot show them. */
  readonly path_raw: string | null;
  readonly mode: string;
  readonly mtime: string;
  readonly owner: string;
  readonly group_name: string;
  readonly uid: number;
  readonly gid: number;
  readonly type: string;
  readonly size: number;
  readonly target: string;
  readonly healthy: boolean;
}

export const entries = defineReadModel<EntryRow, CatalogEvent>({
  table: 'entries',
  columns: {
    id: 'safeint',
    job_uuid: 'uuid',
    path: 'text',
    path_raw: 'text?',
    mode: 'text',
    mtime: 'timestamptz',
    owner: 'text',
    group_name: 'text',
    uid: 'safeint',
    gid: 'safeint',
    type: 'text',
    size: 'safeint',
    target: 'text',
    healthy: 'bool',
  },
  key: ['id'],
  // A B-tree holds keys of up to 2,700 bytes, and paths may be longer.
  indexes: ['(job_uuid, id)', '(job_uuid, left(path, 500))'],
  on: {
    'catalog-batch-recorded': ({ data }, table) =>
      table.put(
        ...data.entries.map(({ group, path, target, ...rest }, index) => ({
          id: data.first_id + index,
          job_uuid: data.job,
          ...rest,
          path: readablePath(path),
          path_raw: rawPath(path),
          target: readablePath(target),
          group_name: group,
        })),
      ),
    'archive-forgotten': ({ data }, table) => table.removeMatches({ job_uuid: data.job }),
  },
});
