import { defineProjection } from '@cyborgbackup/projections';
import { attempts } from './attempts.ts';
import { backups } from './backups.ts';
import { checks } from './checks.ts';
import { drills } from './drills.ts';
import { jobEvents } from './job-events.ts';
import { runs } from './runs.ts';

export const executorProjection = defineProjection({
  name: 'executor',
  version: 4,
  models: [jobEvents, runs, attempts, backups, checks, drills],
});
