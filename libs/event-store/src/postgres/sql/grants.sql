-- What services may do: read the log, and append through the one function what events.writers lets them.
revoke all on all functions in schema events from public;
grant usage on schema events to
  cyborgbackup_gateway, cyborgbackup_inventory, cyborgbackup_scheduler, cyborgbackup_executor, cyborgbackup_catalog;
grant select on events.log, events.events, events.streams, events.positions to
  cyborgbackup_gateway, cyborgbackup_inventory, cyborgbackup_scheduler, cyborgbackup_executor, cyborgbackup_catalog;
grant execute on function events.ceiling(), events.caller() to
  cyborgbackup_gateway, cyborgbackup_inventory, cyborgbackup_scheduler, cyborgbackup_executor, cyborgbackup_catalog;
-- The gateway appends nothing.
grant execute on function events.append(text[], integer[], integer[], uuid[], text[], integer[], json[], bytea[], text[], uuid[], timestamptz[], json[]) to
  cyborgbackup_inventory, cyborgbackup_scheduler, cyborgbackup_executor, cyborgbackup_catalog;
