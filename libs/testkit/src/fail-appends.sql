-- A sequence counts, because what a failed statement counted in a table would be rolled back with it.
create sequence if not exists public.failed_appends;
select setval('public.failed_appends', 1, false);
create or replace function public.fail_append() returns trigger language plpgsql as $$
declare
  v_code text := tg_argv[nextval('public.failed_appends') - 1];
begin
  if v_code is null then
    return new;
  end if;
  raise exception 'The disk, a lock or another server says no' using errcode = v_code;
end $$;
