import type { StepTarget } from '@cyborgbackup/projections';
import { hasPath } from '@cyborgbackup/read-models';
import type { TreeFolder } from './folder-tree.ts';
import { pathForms } from './path-forms.ts';
import { plainArray, textArray } from './sql-arrays.ts';

/** The ids of folders of a series, by position; new ones get the next ids. */
export const resolveFolders = async (
  { client, schema }: StepTarget,
  series: number,
  folders: readonly TreeFolder[],
): Promise<readonly number[]> => {
  const forms = folders.map(({ path }) => pathForms(path));
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
      series,
      textArray(forms.map(({ text }) => text)),
      textArray(forms.map(({ raw }) => raw)),
      plainArray(folders.map(({ parent }) => parent)),
    ],
  );
  return rows[0]?.ids ?? [];
};
