import type { Pool } from 'pg';
import type { PolicyChanges, UnknownReferences } from './decider.ts';

type Referenced = 'clients' | 'repositories' | 'schedules';

const unknownIn = async (pool: Pool, table: Referenced, ids: readonly number[]): Promise<readonly number[]> => {
  if (ids.length === 0) return [];
  const { rows } = await pool.query<{ id: number }>(
    `select wanted.id from unnest($1::int4[]) with ordinality as wanted(id, nr)
      where not exists (select from inventory.${table} as known where known.id = wanted.id) order by nr`,
    [ids],
  );
  return rows.map(({ id }) => id);
};

const listed = (id: number | undefined): readonly number[] => (id === undefined ? [] : [id]);

/** The ids in a policy's fields that the read model does not know. Wait for it first (`caughtUp`). */
export const unknownReferences = async (
  pool: Pool,
  { clients = [], repository, schedule }: PolicyChanges,
): Promise<UnknownReferences> => ({
  clients: await unknownIn(pool, 'clients', clients),
  repository: await unknownIn(pool, 'repositories', listed(repository)),
  schedule: await unknownIn(pool, 'schedules', listed(schedule)),
});
