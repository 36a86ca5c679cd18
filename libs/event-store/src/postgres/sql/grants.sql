-- What services may do: read the log and append through the one function.
revoke all on all functions in schema events from public;
revoke all on all tables in schema events from cyborgbackup_app;
grant usage on schema events to cyborgbackup_app;
grant select on events.events, events.streams, events.positions to cyborgbackup_app;
grant execute on function events.ceiling() to cyborgbackup_app;
grant execute on function
  events.append(text[], integer[], integer[], uuid[], text[], integer[], json[], json[], bytea[]) to cyborgbackup_app;
