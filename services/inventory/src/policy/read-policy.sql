select p.id, p.uuid::text as uuid, p.name, p.policy_type, p.keep_hourly, p.keep_daily, p.keep_weekly,
        p.keep_monthly, p.keep_yearly, p.vmprovider, p.mode_pull, p.prehook, p.posthook, p.enabled, p.extra_vars,
        p.missed_runs, p.overlap, p.connect_timeout, p.idle_timeout, p.total_timeout, p.max_attempts,
        p.shrink_limit, p.drill_files, p.clients as client_ids,
        md5(p.clients::text) as revision,
        jsonb_build_object('id', r.id, 'uuid', r.uuid, 'name', r.name, 'path', r.path,
                           'ready', r.ready, 'enabled', r.enabled) as repository,
        jsonb_build_object('id', s.id, 'name', s.name, 'enabled', s.enabled) as schedule
   from inventory.policies p
   join inventory.repositories r on r.id = p.repository
   join inventory.schedules s on s.id = p.schedule
  where p.id = $1
