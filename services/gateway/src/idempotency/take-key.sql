insert into gateway.idempotency_keys as k (id, fingerprint) values ($1, $2)
on conflict (id) do update set
  fingerprint = excluded.fingerprint, answer = null, taken = now(),
  seed = case when k.created < now() - interval '24 hours' then excluded.seed else k.seed end,
  created = case when k.created < now() - interval '24 hours' then now() else k.created end
where k.created < now() - interval '24 hours'
   or (k.answer is null and k.fingerprint = excluded.fingerprint
       and (k.taken is null or k.taken < now() - interval '1 minute'))
returning seed
