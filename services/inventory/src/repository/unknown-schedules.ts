import type { Pool } from 'pg';
import { listed, unknownIn } from '../shared/unknown-ids.ts';
import type { RepositoryChanges, UnknownSchedules } from './decider.ts';

export const namesSchedules = ({ check_schedule: check, integrity_schedule: integrity }: RepositoryChanges): boolean =>
  listed(check).length + listed(integrity).length > 0;

/** The ids in a repository's fields that the read model does not know. Wait for it first (`caughtUp`). */
export const unknownSchedules = async (
  pool: Pool,
  { check_schedule: check, integrity_schedule: integrity }: RepositoryChanges,
): Promise<UnknownSchedules> => ({
  check_schedule: await unknownIn(pool, 'schedules', listed(check)),
  integrity_schedule: await unknownIn(pool, 'schedules', listed(integrity)),
});
