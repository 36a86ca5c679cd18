import type { GrantEvent, JobEvent, RunEvent } from '@cyborgbackup/contracts';
import { defineProjection, defineReadModel, type ReadModel } from '@cyborgbackup/projections';
import { type GrantRow, type GrantsVersionRow, type PendingExtensionRow, scheduler } from '@cyborgbackup/read-models';
import { jobs } from './jobs.ts';
import { timetableEntries, timetableRepositories, timetableSchedules } from './timetable.ts';

const grants = defineReadModel<GrantRow, GrantEvent>(scheduler.grants, {
  'job-granted': ({ data, version }, table) => table.put({ ...data, granted_version: version }),
  'grant-released': ({ data }, table) => table.remove({ job: data.job }),
});

const grantsVersion = defineReadModel<GrantsVersionRow, GrantEvent>(scheduler.grantsVersion, {
  'job-ready': ({ stream, version }, table) => table.put({ stream, version }),
  'job-granted': ({ stream, version }, table) => table.put({ stream, version }),
  'grant-released': ({ stream, version }, table) => table.put({ stream, version }),
});

const pendingExtensions = defineReadModel<PendingExtensionRow, RunEvent | JobEvent>(scheduler.pendingExtensions, {
  'job-succeeded': ({ data: { job, repository, client, machines } }, table) =>
    machines.length > 0 ? table.put({ job, repository, client }) : [],
  'run-extended': ({ data }, table) => table.remove({ job: data.found_by }),
});

const models: Record<keyof typeof scheduler, ReadModel> = {
  jobs,
  grants,
  grantsVersion,
  pendingExtensions,
  timetableEntries,
  timetableSchedules,
  timetableRepositories,
};

export const schedulerProjection = defineProjection({
  name: 'scheduler',
  version: 5,
  models: Object.values(models),
});
