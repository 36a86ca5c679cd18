import { defineProjection } from '@cyborgbackup/projections';
import { jobs } from './jobs.ts';
import { queueVersion, slots } from './slots.ts';
import { timetablePolicies, timetableRepositories, timetableSchedules } from './timetable.ts';

/** Jobs for everybody; the other tables are the scheduler's own memory, from which it goes on after a restart. */
export const schedulerProjection = defineProjection({
  name: 'scheduler',
  version: 1,
  models: [jobs, slots, queueVersion, timetablePolicies, timetableSchedules, timetableRepositories],
});
