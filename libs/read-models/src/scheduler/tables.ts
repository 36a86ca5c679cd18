import { grants, grantsVersion, pendingExtensions } from './grants.ts';
import { jobs } from './jobs.ts';
import { timetableEntries, timetableRepositories, timetableSchedules } from './timetable.ts';

/** The jobs for everybody; the other tables are the scheduler's own memory, from which it goes on after a restart. */
export const scheduler = {
  jobs,
  grants,
  grantsVersion,
  pendingExtensions,
  timetableEntries,
  timetableSchedules,
  timetableRepositories,
};
