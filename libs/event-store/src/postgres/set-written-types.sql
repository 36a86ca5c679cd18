with given as (
  select * from jsonb_to_recordset($1) as g(role name, type text)
), gone as (
  delete from events.written_types t where not exists (select from given g where (g.role, g.type) = (t.role, t.type))
)
insert into events.written_types (role, type) select role, type from given on conflict do nothing
