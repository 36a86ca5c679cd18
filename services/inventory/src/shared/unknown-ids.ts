import type { FieldErrors } from '@cyborgbackup/kernel';
import type { Pool } from 'pg';

/** By field: ids that a command names and that no entity has. */
export type UnknownIds<Field extends string = string> = Readonly<Record<Field, readonly number[]>>;

export const unknownIdErrors = (unknown: UnknownIds): FieldErrors =>
  Object.fromEntries(
    Object.entries(unknown)
      .filter(([, ids]) => ids.length > 0)
      .map(([field, ids]) => [field, ids.map((id) => `Invalid pk "${id}" - object does not exist.`)]),
  );

type Reference = readonly [
  table: 'clients' | 'repositories' | 'schedules',
  ids: readonly number[] | number | null | undefined,
];

/** The ids that the read model does not know, in their order. Wait for it first (`waitForInventory`). */
export const findUnknownIds = async <Field extends string>(
  pool: Pool,
  references: Readonly<Record<Field, Reference>>,
): Promise<UnknownIds<Field>> => {
  const unknown: Record<string, readonly number[]> = {};
  for (const [field, [table, named]] of Object.entries<Reference>(references)) {
    const ids = [named ?? []].flat();
    const { rows } =
      ids.length === 0
        ? { rows: [] }
        : await pool.query<{ id: number }>(
            `select named.id from unnest($1::int4[]) with ordinality as named(id, index)
              where not exists (select from inventory.${table} as known where known.id = named.id) order by index`,
            [ids],
          );
    unknown[field] = rows.map(({ id }) => id);
  }
  return unknown as UnknownIds<Field>;
};
