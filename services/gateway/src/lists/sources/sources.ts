import { archives } from './archives.ts';
import { catalogs } from './catalogs.ts';
import { clients } from './clients.ts';
import { drills } from './drills.ts';
import { jobEvents } from './job-events.ts';
import { jobs } from './jobs.ts';
import { policies } from './policies.ts';
import { repositories } from './repositories.ts';
import { schedules } from './schedules.ts';
import { settings } from './settings.ts';
import { users } from './users.ts';
import type { ListSource, SourceName } from './list-source.ts';

/** All lists that can be filtered, by name: relations lead from one to another, so they cannot import each other. */
export const sources = {
  archives,
  users,
  clients,
  schedules,
  repositories,
  policies,
  jobs,
  job_events: jobEvents,
  catalogs,
  drills,
  settings,
} as const satisfies Readonly<Record<SourceName, ListSource>>;
