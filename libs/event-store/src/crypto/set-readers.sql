with given as (
  select * from jsonb_to_recordset($1) as g(role name, subjects text)
), gone as (
  delete from keys.readers r where not exists (select from given g where (g.role, g.subjects) = (r.role, r.subjects))
)
insert into keys.readers (role, subjects) select role, subjects from given on conflict do nothing
