select c.id as client, c.hostname, c.enabled,
       max(d.ended_at) filter (where d.passed) as last_proof,
       (array_agg(d.id order by d.ended_at desc) filter (where d.passed))[1] as drill,
       max(d.ended_at) filter (where not d.passed) as last_failure
  from inventory.clients c left join executor.drills d on d.client_uuid = c.uuid
 group by c.uuid
 order by 4 nulls first, c.id
 limit $1 offset $2
