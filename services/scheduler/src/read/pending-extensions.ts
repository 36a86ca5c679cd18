import type { JobEvent, RunEvent } from '@cyborgbackup/contracts';
import { defineReadModel } from '@cyborgbackup/projections';

/** A job that found machines which have no jobs yet: its run has not ended. */
export interface PendingExtensionRow {
  readonly job: string;
  /** What the machines' backups will use. */
  readonly repository: string | null;
  readonly client: string | null;
}

export const pendingExtensions = defineReadModel<PendingExtensionRow, RunEvent | JobEvent>({
  table: 'pending_extensions',
  columns: { job: 'uuid', repository: 'uuid?', client: 'uuid?' },
  key: ['job'],
  on: {
    'job-succeeded': ({ data: { job, repository, client, machines } }, table) =>
      machines.length > 0 ? table.put({ job, repository, client }) : [],
    'run-extended': ({ data }, table) => table.remove({ job: data.found_by }),
  },
});
