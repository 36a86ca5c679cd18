import { defineProjection } from '@cyborgbackup/projections';
import { jobs } from './jobs.ts';
import { pendingExtensions } from './pending-extensions.ts';
import { queueVersion, slots } from './slots.ts';
import { timetableEntries, timetableRepositories, timetableSchedules } from './timetable.ts';

/** Jobs for everybody; the other tables are the scheduler's own memory, from which it goes on after a restart. */
export const schedulerProjection = defineProjection({
  name: 'scheduler',
  version: 3,
  models: [jobs, slots, queueVersion, pendingExtensions, timetableEntries, timetableSchedules, timetableRepositories],
});
