import { defineProjection, type ReadModel } from '@cyborgbackup/projections';
import type { executor } from '@cyborgbackup/read-models';
import { attempts } from './attempts.ts';
import { backups } from './backups.ts';
import { checks } from './checks.ts';
import { drills } from './drills.ts';
import { jobEvents } from './job-events.ts';
import { runs } from './runs.ts';

const models: Record<keyof typeof executor, ReadModel> = { jobEvents, runs, attempts, backups, checks, drills };

export const executorProjection = defineProjection({
  name: 'executor',
  version: 4,
  models: Object.values(models),
});
