-- The services own the read models, and make and rename their schemas; see install-projections.ts.
do $$
begin
  execute format('grant create on database %I to cyborgbackup_app', current_database());
end $$;
grant usage on schema projections to cyborgbackup_app, cyborgbackup_reader;
grant select, insert, update, delete on projections.checkpoints, projections.parked_events to cyborgbackup_app;
grant select on projections.checkpoints, projections.parked_events to cyborgbackup_reader;
