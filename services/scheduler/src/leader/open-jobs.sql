select job.uuid, job.id, job.run, job.name, job.job_type, job.task, job.status, job.needs,
       job.launch_type, job.policy_uuid as policy,
       job.repository_uuid as repository, job.client_uuid as client, job.due_at is not null as scheduled,
       job.correlation_id as "correlationId", job.job_explanation as reason, grants.granted_version,
       (extract(epoch from job.paused_until) * 1000)::float8 as paused_until,
       extension.job is not null as awaits_extension
  from scheduler.jobs job
  left join scheduler.grants on grants.job = job.uuid
  left join scheduler.pending_extensions extension on extension.job = job.uuid
 where job.run in (select run from scheduler.jobs where finished is null
                   union select run from scheduler.grants
                   union select run from scheduler.jobs where uuid in (select job from scheduler.pending_extensions))
 order by job.id
