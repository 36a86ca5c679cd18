select g.name_id, g.series_id, g.folder_id
  from unnest($1::int4[]) with ordinality as n(id, nth)
       cross join lateral (
         select distinct v.name_id, v.series_id, v.folder_id from catalog.entries v
          where v.name_id = n.id and ($2::int4[] is null or v.series_id = any($2))
            and (n.id > $3 or (v.series_id, v.folder_id) > ($4, $5))
          order by v.name_id, v.series_id, v.folder_id
          limit $6
       ) g
 order by n.nth, g.series_id, g.folder_id
 limit $6
