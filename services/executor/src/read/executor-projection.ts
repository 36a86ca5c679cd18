import { defineProjection } from '@cyborgbackup/projections';
import { backups } from './backups.ts';
import { checks } from './checks.ts';
import { jobEvents } from './job-events.ts';
import { runs } from './runs.ts';

export const executorProjection = defineProjection({
  name: 'executor',
  version: 2,
  models: [jobEvents, runs, backups, checks],
});
