import type { PackedEntries } from '@cyborgbackup/contracts';
import type { StepTarget } from '@cyborgbackup/projections';
import { readablePath } from './entry-path.ts';
import { plainArray, textArray } from './sql-arrays.ts';

type Attributes = PackedEntries['attributes'][number];

/** The ids of attributes, by position; new ones get the next ids. The same twice gets the same id. */
export const resolveAttributes = async (
  { client, schema }: StepTarget,
  attributes: readonly Attributes[],
): Promise<readonly number[]> => {
  const texts = (field: 'mode' | 'owner' | 'group' | 'type'): string =>
    textArray(attributes.map((each) => readablePath(each[field])));
  const { rows } = await client.query<{ ids: number[] }>(
    `with given as (
       select * from unnest($1::text[], $2::text[], $3::text[], $4::int8[], $5::int8[], $6::text[])
                with ordinality as g(mode, owner, group_name, uid, gid, type, at)
     ), found as materialized (
       select given.*, known.id from given
         left join ${schema}.entry_attributes known using (mode, owner, group_name, uid, gid, type)
     ), resolved as materialized (
       select found.*, id is null as fresh,
              coalesce(id, (select coalesce(max(id), 0) from ${schema}.entry_attributes)
                           + dense_rank() over (partition by id is null
                                                order by mode, owner, group_name, uid, gid, type))::int4 as resolved_id
         from found
     ), inserted as (
       insert into ${schema}.entry_attributes (id, mode, owner, group_name, uid, gid, type)
       select distinct resolved_id, mode, owner, group_name, uid, gid, type from resolved where fresh
     )
     select array_agg(resolved_id order by at) as ids from resolved`,
    [
      texts('mode'),
      texts('owner'),
      texts('group'),
      plainArray(attributes.map(({ uid }) => uid)),
      plainArray(attributes.map(({ gid }) => gid)),
      texts('type'),
    ],
  );
  return rows[0]?.ids ?? [];
};
