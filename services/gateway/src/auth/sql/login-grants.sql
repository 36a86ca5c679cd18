grant usage on schema gateway to cyborgbackup_app;
grant select, insert, update, delete on gateway.login_attempts to cyborgbackup_app;
