with given as (
  select * from jsonb_to_recordset($1) as g(role name, streams text, for_users boolean)
), gone as (
  delete from events.writers w
   where not exists (select from given g where (g.role, g.streams, g.for_users) = (w.role, w.streams, w.for_users))
)
insert into events.writers (role, streams, for_users) select role, streams, for_users from given on conflict do nothing
