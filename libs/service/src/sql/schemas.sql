-- What services need and may not make. The gateway keeps tables that are no read model: in a schema of its own.
create schema if not exists gateway authorization cyborgbackup_gateway;

-- For searches in names; where PostgreSQL comes without it, the catalog says so.
do $$
begin
  if exists (select from pg_available_extensions where name = 'pg_trgm') then
    create extension if not exists pg_trgm;
  end if;
end $$;
