select to_char(started at time zone 'UTC', 'YYYY-MM-DD') as date,
       sum(original_size) as size, sum(deduplicated_size) as dedup,
       count(*) filter (where status = 'successful') as success, count(*) filter (where status = 'failed') as failed
  from scheduler.jobs
 where job_type = 'job' and started >= $1
 group by 1 order by 1
