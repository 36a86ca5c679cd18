import type { GrantEvent, JobEvent, RunEvent } from '@cyborgbackup/contracts';
import {
  type Change,
  defineProjection,
  defineReadModel,
  type ReadModel,
  type TableChanges,
} from '@cyborgbackup/projections';
import { type GrantRow, type GrantsVersionRow, type PendingExtensionRow, scheduler } from '@cyborgbackup/read-models';
import { jobs } from './jobs.ts';
import { timetableEntries, timetableRepositories, timetableSchedules } from './timetable.ts';

const releaseGrant = ({ data: { job } }: JobEvent, table: TableChanges<GrantRow>): Change<GrantRow> =>
  table.remove({ job });

/** A job has its grant until it ends, or pauses before its next attempt. */
const grants = defineReadModel<GrantRow, GrantEvent | JobEvent>(scheduler.grants, {
  'job-granted': ({ data, version }, table) => table.put({ ...data, granted_version: version }),
  'job-attempt-lost': (event, table) => (event.data.pause ? releaseGrant(event, table) : []),
  'job-succeeded': releaseGrant,
  'job-failed': releaseGrant,
  'job-canceled': releaseGrant,
});

const grantsVersion = defineReadModel<GrantsVersionRow, GrantEvent>(scheduler.grantsVersion, {
  'job-ready': ({ stream, version }, table) => table.put({ stream, version }),
  'job-granted': ({ stream, version }, table) => table.put({ stream, version }),
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
  version: 6,
  models: Object.values(models),
});
