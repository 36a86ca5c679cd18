grant usage on schema ids to cyborgbackup_app;
grant usage, select, update on all sequences in schema ids to cyborgbackup_app;
