-- The gateway keeps no projection and holds no lease.
revoke all on all functions in schema projections from public;
grant usage on schema projections to cyborgbackup_reader,
  cyborgbackup_gateway, cyborgbackup_inventory, cyborgbackup_scheduler, cyborgbackup_executor, cyborgbackup_catalog;
grant select on projections.checkpoints, projections.parked_events to cyborgbackup_reader,
  cyborgbackup_gateway, cyborgbackup_inventory, cyborgbackup_scheduler, cyborgbackup_executor, cyborgbackup_catalog;
grant insert, update on projections.checkpoints to
  cyborgbackup_inventory, cyborgbackup_scheduler, cyborgbackup_executor, cyborgbackup_catalog;
grant insert, update, delete on projections.parked_events to
  cyborgbackup_inventory, cyborgbackup_scheduler, cyborgbackup_executor, cyborgbackup_catalog;
grant execute on function
  projections.owner_of(text), projections.is_own(text), projections.create_schema(text),
  projections.publish_schema(text, text), projections.retire_schema(text), projections.drop_schema(text),
  projections.analyze_table(text, text), projections.merge_pending(text, text),
  projections.add_trigram_index(text, text, text, integer) to
  cyborgbackup_inventory, cyborgbackup_scheduler, cyborgbackup_executor, cyborgbackup_catalog;
