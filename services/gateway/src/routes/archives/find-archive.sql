select distinct on (r.id) a.job_uuid, a.archive_name as name, a.client_uuid, a.policy_uuid, a.complete, a.unsafe, a.series_id, a.sequence,
       a.next_number, a.id_base,
       case when r.id is not null then json_build_object('id', r.id, 'uuid', r.uuid, 'name', r.name, 'path', r.path) end
         as repository
  from catalog.archives a left join inventory.repositories r on r.uuid = a.repository_uuid
 where a.archive_name = $1 and not a.removed and ($2 = '' or r.id::text = $2 or r.name = $2)
 order by r.id, a.position desc
 limit 3
