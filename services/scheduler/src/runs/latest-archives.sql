select distinct on (client_uuid, machine_id)
       uuid, id, archive_name, client_uuid,
       case when machine_id is not null then json_build_object('id', machine_id, 'name', machine_name) end as machine
  from scheduler.jobs
 where policy_uuid = $1 and repository_uuid = $2 and job_type = 'job' and status = 'successful'
   and archive_name is not null and client_uuid is not null
 order by client_uuid, machine_id, id desc
