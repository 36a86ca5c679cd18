import { AppError } from '@cyborgbackup/kernel';
import { ACTIVE_JOB_STATUSES } from '@cyborgbackup/read-models';
import type { Pool } from 'pg';
import { waitForInventoryAndJobs } from './wait-for-tables.ts';
import type { InventoryDeps } from './inventory-deps.ts';

export type ReferencedKind = 'client' | 'repository' | 'schedule' | 'policy';

interface ReferencedEntity {
  readonly kind: ReferencedKind;
  readonly id: number;
}

/** What stands in the way of a removal. */
interface Referrer {
  readonly type: 'policy' | 'repository' | 'job';
  readonly id: number;
  readonly name: string;
}

/** More are not listed. */
const MAX_LISTED = 100;

/** In SQL: what refers to an entity, by where it is and by the entity's kind. */
const REFERRERS = {
  policy: {
    client: 'inventory.policies where clients @> array[$1]::int4[]',
    repository: 'inventory.policies where repository = $1',
    schedule: 'inventory.policies where (schedule = $1 or drill_schedule = $1)',
  },
  /** Those whose checks follow the schedule. */
  repository: { schedule: 'inventory.repositories where check_schedule = $1 or integrity_schedule = $1' },
} as const;

const referrersOf = async (
  pool: Pool,
  type: keyof typeof REFERRERS,
  { kind, id }: ReferencedEntity,
): Promise<readonly Referrer[]> => {
  const source = (REFERRERS[type] as Partial<Record<ReferencedKind, string>>)[kind];
  if (source === undefined) return [];
  const { rows } = await pool.query<Referrer>(
    `select '${type}' as type, id, name from ${source} order by id limit ${MAX_LISTED}`,
    [id],
  );
  return rows;
};

/** Before the first start of a scheduler there is no table of jobs. */
const activeJobsOf = async (pool: Pool, { kind, id }: ReferencedEntity): Promise<readonly Referrer[]> => {
  const { rows: tables } = await pool.query<{ known: boolean }>(
    "select to_regclass('scheduler.jobs') is not null as known",
  );
  if (!tables[0]?.known) return [];
  const { rows } = await pool.query<Referrer>(
    `select 'job' as type, id, name from scheduler.jobs
      where ${kind} = $1 and status = any($2) order by id limit ${MAX_LISTED}`,
    [id, ACTIVE_JOB_STATUSES],
  );
  return rows;
};

const counted = (count: number, one: string, many: string): string[] =>
  count === 0 ? [] : [`${count === MAX_LISTED ? `${count} or more` : count} ${count === 1 ? one : many}`];

/**
 * @throws AppError `conflict` naming the policies and repositories with it and its jobs that are not finished, in `details.users`;
 * `unavailable` when the read models are behind
 */
export const refuseWhenInUse = async (deps: InventoryDeps, entity: ReferencedEntity): Promise<void> => {
  await waitForInventoryAndJobs(deps);
  const { pool } = deps;
  const policies = await referrersOf(pool, 'policy', entity);
  const repositories = await referrersOf(pool, 'repository', entity);
  const jobs = await activeJobsOf(pool, entity);
  const users = [...policies, ...repositories, ...jobs];
  if (users.length === 0) return;
  const by = [
    ...counted(policies.length, 'policy', 'policies'),
    ...counted(repositories.length, 'repository', 'repositories'),
    ...counted(jobs.length, 'unfinished job', 'unfinished jobs'),
  ].join(' and ');
  throw new AppError('conflict', `This ${entity.kind} is used by ${by}: change, delete or cancel those first.`, {
    details: { users },
  });
};
