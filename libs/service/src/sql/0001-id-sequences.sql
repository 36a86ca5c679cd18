-- The integer ids of the API. An id is drawn when a command is handled and recorded in the event, so a rebuild of the
-- read models never changes it. Numbers drawn for commands that failed are not used again.

create sequence ids."user" as integer;
create sequence ids.client as integer;
create sequence ids.repository as integer;
create sequence ids.schedule as integer;
create sequence ids.policy as integer;
create sequence ids.api_token as integer;
create sequence ids.job as integer;
create sequence ids.job_event as bigint;
create sequence ids.catalog_entry as bigint;
