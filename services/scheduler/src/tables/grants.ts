import type { GrantEvent } from '@cyborgbackup/contracts';
import { defineReadModel } from '@cyborgbackup/projections';
import { scheduler, type GrantRow, type GrantsVersionRow } from '@cyborgbackup/read-models';

export const grants = defineReadModel<GrantRow, GrantEvent>(scheduler.grants, {
  'job-granted': ({ data, version }, table) => table.put({ ...data, granted_version: version }),
  'grant-released': ({ data }, table) => table.remove({ job: data.job }),
});

export const grantsVersion = defineReadModel<GrantsVersionRow, GrantEvent>(scheduler.grantsVersion, {
  'job-ready': ({ stream, version }, table) => table.put({ stream, version }),
  'job-granted': ({ stream, version }, table) => table.put({ stream, version }),
  'grant-released': ({ stream, version }, table) => table.put({ stream, version }),
});
