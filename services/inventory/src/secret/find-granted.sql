select j.run, j.job_type, j.task, j.restore
  from scheduler.jobs j
  join scheduler.grants g on g.job = j.uuid
 where j.uuid = $1
