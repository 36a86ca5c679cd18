import type { FieldErrors } from '@cyborgbackup/kernel';
import type { Pool } from 'pg';

/** By field: ids that a command names and that nothing has. */
export type UnknownIds<Field extends string = string> = Readonly<Record<Field, readonly number[]>>;

export const unknownIdErrors = (unknown: UnknownIds): FieldErrors =>
  Object.fromEntries(
    Object.entries(unknown)
      .filter(([, ids]) => ids.length > 0)
      .map(([field, ids]) => [field, ids.map((id) => `Invalid pk "${id}" - object does not exist.`)]),
  );

type Referenced = 'clients' | 'repositories' | 'schedules';

/** The ids that the read model does not know, in their order. Wait for it first (`caughtUp`). */
export const unknownIn = async (pool: Pool, table: Referenced, ids: readonly number[]): Promise<readonly number[]> => {
  if (ids.length === 0) return [];
  const { rows } = await pool.query<{ id: number }>(
    `select wanted.id from unnest($1::int4[]) with ordinality as wanted(id, nr)
      where not exists (select from inventory.${table} as known where known.id = wanted.id) order by nr`,
    [ids],
  );
  return rows.map(({ id }) => id);
};

/** The id as a list; nothing for a reference that is not named, or is to nothing. */
export const listed = (id: number | null | undefined): readonly number[] =>
  id === null || id === undefined ? [] : [id];
