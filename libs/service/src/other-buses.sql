-- Sessions that hold a lock of class $1 under another name than $2. PostgreSQL shows both keys as unsigned numbers.
select distinct activity.application_name as name
  from pg_locks lock join pg_stat_activity activity using (pid)
 where lock.locktype = 'advisory' and lock.granted and lock.objsubid = 2
   and lock.database = (select oid from pg_database where datname = current_database())
   and lock.classid::bigint = $1::bigint
   and lock.objid::bigint <> (hashtext($2)::bigint & 4294967295)
   and lock.pid <> pg_backend_pid()
 order by name
