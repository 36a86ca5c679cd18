select job.uuid, job.run, job.name, job.job_type as "jobType", job.task, job.policy, job.repository,
       job.repository_uuid as "repositoryUuid", job.client_uuid as client, job.finished is not null as finished,
       case when job.machine_id is not null
         then json_build_object('id', job.machine_id, 'name', job.machine_name) end as machine,
       case when master.uuid is not null
         then json_build_object('uuid', master.uuid, 'id', master.id, 'archiveName',
                                case when master.status = 'successful' then master.archive_name end) end as master
  from scheduler.jobs job
  left join scheduler.jobs master on master.uuid = job.master_job_uuid
 where job.uuid = $1
