import { defineProjection, type ReadModel } from '@cyborgbackup/projections';
import type { scheduler } from '@cyborgbackup/read-models';
import { grants, grantsVersion } from './grants.ts';
import { jobs } from './jobs.ts';
import { pendingExtensions } from './pending-extensions.ts';
import { timetableEntries, timetableRepositories, timetableSchedules } from './timetable.ts';

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
  version: 3,
  models: Object.values(models),
});
