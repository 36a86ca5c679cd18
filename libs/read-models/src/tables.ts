import { clients, hostKeys } from './inventory/clients.ts';
import { policies, schedules } from './inventory/policies.ts';
import { repositories } from './inventory/repositories.ts';
import { settings, sshKeys } from './inventory/settings.ts';
import { apiTokens, sessions, users } from './inventory/users.ts';
import { grants, grantsVersion, pendingExtensions } from './scheduler/grants.ts';
import { jobs } from './scheduler/jobs.ts';
import { timetableEntries, timetableRepositories, timetableSchedules } from './scheduler/timetable.ts';
import { backups, checks, drills } from './executor/backups.ts';
import { jobEvents } from './executor/job-events.ts';
import { attempts, runs } from './executor/runs.ts';
import { archives, archiveSeries } from './catalog/archives.ts';
import {
  brokenEntries,
  endedEntries,
  entries,
  entryAttributes,
  entryNames,
  folders,
  folderTotals,
  pendingBrokenEntries,
} from './catalog/entries.ts';

/** Everything people manage, as tables. */
export const inventory = {
  users,
  clients,
  repositories,
  schedules,
  policies,
  settings,
  sshKeys,
  hostKeys,
  sessions,
  apiTokens,
};

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

/** The output of jobs and the drills for everybody; the other tables are what executors know of earlier jobs. */
export const executor = { jobEvents, runs, attempts, backups, checks, drills };

/** The archives, and the entries of those that were listed. */
export const catalog = {
  archives,
  archiveSeries,
  entries,
  folders,
  entryNames,
  entryAttributes,
  folderTotals,
  endedEntries,
  brokenEntries,
  pendingBrokenEntries,
};
