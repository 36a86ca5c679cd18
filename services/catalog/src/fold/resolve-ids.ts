import type { PackedEntries } from '@cyborgbackup/contracts';
import type { StepTarget } from '@cyborgbackup/projections';
import { hasPath } from '@cyborgbackup/read-models';
import { plainArray, storedText, storedTextArrays, textArray } from '../tables/column-values.ts';
import type { TreeFolder } from './folder-tree.ts';

/*
 * Each function returns the ids of its items, by position, and inserts the items that are new with the next ids. An id depends
 * on nothing but the rows that are there and the order of the items, so a rebuild gives the same ids.
 */

/** Of names, all different. */
export const resolveNames = async (
  { client, schema }: StepTarget,
  names: readonly string[],
): Promise<readonly number[]> => {
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
    storedTextArrays(names.map(storedText)),
  );
  return rows[0]?.ids ?? [];
};

/** Of folders of a series. */
export const resolveFolders = async (
  { client, schema }: StepTarget,
  seriesId: number,
  folders: readonly TreeFolder[],
): Promise<readonly number[]> => {
  const { rows } = await client.query<{ ids: number[] }>(
    `with given as (
       select * from unnest($2::text[], $3::text[], $4::int4[]) with ordinality as g(path, raw, parent, at)
     ), found as materialized (
       select given.*, known.id from given
         left join lateral (
           select k.id from ${schema}.folders k
            where k.series_id = $1 and ${hasPath('k', 'given.path', 'given.raw')}
           offset 0
         ) known on true
     ), resolved as materialized (
       select at, path, raw, parent, id is null as fresh,
              coalesce(id, (select coalesce(max(id), 0) from ${schema}.folders where series_id = $1)
                           + row_number() over (partition by id is null order by at))::int4 as id
         from found
     ), inserted as (
       insert into ${schema}.folders (series_id, id, path, raw, parent_id)
       select $1, r.id, r.path, r.raw, above.id
         from resolved r left join resolved above on above.at = r.parent + 1
        where r.fresh
     )
     select array_agg(id order by at) as ids from resolved`,
    [
      seriesId,
      ...storedTextArrays(folders.map(({ path }) => storedText(path))),
      plainArray(folders.map(({ parent }) => parent)),
    ],
  );
  return rows[0]?.ids ?? [];
};

/** Of attributes; the same twice gets the same id. */
export const resolveAttributes = async (
  { client, schema }: StepTarget,
  attributes: readonly PackedEntries['attributes'][number][],
): Promise<readonly number[]> => {
  const texts = (field: 'mode' | 'owner' | 'group' | 'type'): string =>
    textArray(attributes.map((each) => storedText(each[field]).text));
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
