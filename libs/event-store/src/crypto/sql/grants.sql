-- What services may do: keep keys.
revoke all on all functions in schema keys from public;
revoke all on all tables in schema keys from cyborgbackup_app;
grant usage on schema keys to cyborgbackup_app;
grant select, insert, update on keys.subject_keys to cyborgbackup_app;
