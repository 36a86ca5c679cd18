import type { QueueEvent } from '@cyborgbackup/contracts';
import { defineReadModel } from '@cyborgbackup/projections';
import { scheduler, type GrantRow, type GrantsVersionRow } from '@cyborgbackup/read-models';

export const grants = defineReadModel<GrantRow, QueueEvent>(scheduler.grants, {
  'slot-granted': ({ data, version }, table) => table.put({ ...data, granted_version: version }),
  'slot-freed': ({ data }, table) => table.remove({ job: data.job }),
});

export const grantsVersion = defineReadModel<GrantsVersionRow, QueueEvent>(scheduler.grantsVersion, {
  'slot-awaited': ({ stream, version }, table) => table.put({ stream, version }),
  'slot-granted': ({ stream, version }, table) => table.put({ stream, version }),
  'slot-freed': ({ stream, version }, table) => table.put({ stream, version }),
});
