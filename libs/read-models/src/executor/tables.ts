import { backups, checks, drills } from './backups.ts';
import { jobEvents } from './job-events.ts';
import { attempts, runs } from './runs.ts';

/** The output of jobs and the drills for everybody; the other tables are what executors know of earlier jobs. */
export const executor = { jobEvents, runs, attempts, backups, checks, drills };
