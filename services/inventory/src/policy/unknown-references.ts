import type { Pool } from 'pg';
import { listed, unknownIn } from '../shared/unknown-ids.ts';
import type { PolicyChanges, UnknownReferences } from './decider.ts';

/** The ids in a policy's fields that the read model does not know. Wait for it first (`caughtUp`). */
export const unknownReferences = async (
  pool: Pool,
  { clients = [], repository, schedule, drill_schedule: drillSchedule }: PolicyChanges,
): Promise<UnknownReferences> => ({
  clients: await unknownIn(pool, 'clients', clients),
  repository: await unknownIn(pool, 'repositories', listed(repository)),
  schedule: await unknownIn(pool, 'schedules', listed(schedule)),
  drill_schedule: await unknownIn(pool, 'schedules', listed(drillSchedule)),
});
