import type { StepTarget } from '@cyborgbackup/projections';
import { pathForms } from './path-forms.ts';
import { textArray } from './sql-arrays.ts';

/** The ids of names, all different, by position; new ones get the next ids. */
export const resolveNames = async (
  { client, schema }: StepTarget,
  names: readonly string[],
): Promise<readonly number[]> => {
  const forms = names.map(pathForms);
  const { rows } = await client.query<{ ids: number[] }>(
    `with given as (
       select * from unnest($1::text[], $2::text[]) with ordinality as g(name, raw, at)
     ), found as materialized (
       select given.*, known.id from given
         left join lateral (
           select k.id from ${schema}.entry_names k
            where k.name = given.name and k.raw is not distinct from given.raw
           offset 0
         ) known on true
     ), resolved as materialized (
       select at, name, raw, id is null as fresh,
              coalesce(id, (select coalesce(max(id), 0) from ${schema}.entry_names)
                           + row_number() over (partition by id is null order by at))::int4 as id
         from found
     ), inserted as (
       insert into ${schema}.entry_names (id, name, raw) select id, name, raw from resolved where fresh
     )
     select array_agg(id order by at) as ids from resolved`,
    [textArray(forms.map(({ text }) => text)), textArray(forms.map(({ raw }) => raw))],
  );
  return rows[0]?.ids ?? [];
};
