-- The log, and the view events.events for people: it shows a stream's name, and the metadata in one piece.
--
-- A year of backups has millions of events, most of them smaller than what is the same in all of them. So a row names its stream
-- by a number, and what every event's metadata has is in columns (see metadata-columns.ts); they are in the order that leaves
-- no padding between them, and none is null, since a row with a null is eight bytes longer.
-- See docs/decisions/0033-what-a-row-of-the-log-holds.md.

create table events.streams (
  id integer generated always as identity primary key,
  stream text collate "C" not null unique,
  version integer not null,
  last_hash bytea not null
);

-- `json`, not `jsonb`: it keeps the canonical text as it was hashed, and takes the escapes of lone surrogates, which jsonb refuses.
create table events.log (
  position bigint primary key,
  occurred_at timestamptz not null,
  recorded_at timestamptz not null default clock_timestamp(),
  stream_id integer not null,
  version integer not null,
  schema_version smallint not null,
  id uuid not null,
  correlation uuid not null,
  type text not null,
  actor text not null,
  hash bytea not null,
  metadata json not null,
  data json not null,
  unique (stream_id, version)
);

create view events.events as
  select l.position, s.stream, l.version, l.id, l.type, l.schema_version, l.data,
         (jsonb_build_object('correlationId', l.correlation, 'causationId', l.correlation)
          || l.metadata::jsonb
          || jsonb_build_object(
               'actor', case when l.actor like 'user:%' then jsonb_build_object('kind', 'user', 'id', substr(l.actor, 6))
                             else jsonb_build_object('kind', 'system', 'id', l.actor) end,
               'occurredAt', to_char(l.occurred_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')))::json as metadata,
         l.hash, l.recorded_at
    from events.log l join events.streams s on s.id = l.stream_id;

-- The next position. It starts at 0, which is drawn here, so that last_value always is the last position drawn.
create sequence events.positions as bigint minvalue 0 start 0 owned by events.log.position;
select nextval('events.positions');

create function events.refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'The event log is append-only: % of %.% is refused', tg_op, tg_table_schema, tg_table_name
    using errcode = 'insufficient_privilege';
end $$;

create trigger append_only before update or delete or truncate on events.log
  for each statement execute function events.refuse_change();
create trigger append_only before delete or truncate on events.streams
  for each statement execute function events.refuse_change();
create trigger only_forward before update on events.streams
  for each row when (new.id <> old.id or new.stream <> old.stream or new.version <= old.version)
  execute function events.refuse_change();
-- Also when a session sets session_replication_role to replica.
alter table events.log enable always trigger append_only;
alter table events.streams enable always trigger append_only;
alter table events.streams enable always trigger only_forward;
