-- The log. `json`, not `jsonb`: it keeps the canonical text as it was hashed, and takes the escapes of lone surrogates,
-- which jsonb refuses.

create table events.streams (
  stream text collate "C" primary key,
  version integer not null,
  last_hash bytea not null
);

create table events.events (
  position bigint primary key,
  stream text collate "C" not null,
  version integer not null,
  id uuid not null,
  type text not null,
  schema_version integer not null,
  data json not null,
  metadata json not null,
  hash bytea not null,
  recorded_at timestamptz not null default clock_timestamp(),
  unique (stream, version)
);

-- The next position. It starts at 0, which is drawn here, so that last_value always is the last position drawn.
create sequence events.positions as bigint minvalue 0 start 0 owned by events.events.position;
select nextval('events.positions');

create function events.refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'The event log is append-only: % of %.% is refused', tg_op, tg_table_schema, tg_table_name
    using errcode = 'insufficient_privilege';
end $$;

create trigger append_only before update or delete or truncate on events.events
  for each statement execute function events.refuse_change();
create trigger append_only before delete or truncate on events.streams
  for each statement execute function events.refuse_change();
create trigger only_forward before update on events.streams
  for each row when (new.stream <> old.stream or new.version <= old.version)
  execute function events.refuse_change();
-- Also when a session sets session_replication_role to replica.
alter table events.events enable always trigger append_only;
alter table events.streams enable always trigger append_only;
alter table events.streams enable always trigger only_forward;
