grant usage on schema gateway to cyborgbackup_app;
grant select, insert, update, delete on gateway.idempotency_keys to cyborgbackup_app;
