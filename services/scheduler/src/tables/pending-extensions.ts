import type { JobEvent, RunEvent } from '@cyborgbackup/contracts';
import { defineReadModel } from '@cyborgbackup/projections';
import { scheduler, type PendingExtensionRow } from '@cyborgbackup/read-models';

export const pendingExtensions = defineReadModel<PendingExtensionRow, RunEvent | JobEvent>(
  scheduler.pendingExtensions,
  {
    'job-succeeded': ({ data: { job, repository, client, machines } }, table) =>
      machines.length > 0 ? table.put({ job, repository, client }) : [],
    'run-extended': ({ data }, table) => table.remove({ job: data.found_by }),
  },
);
