import type { Migration } from '@cyborgbackup/event-store';

/**
 * The integer ids of the API. An id is drawn when a command is handled and recorded in the event, so a rebuild of the
 * read models never changes it. Numbers drawn for commands that failed are not used again.
 */
export const idSequences: Migration = {
  name: '0001-id-sequences',
  sql: `
create sequence ids."user" as integer;
create sequence ids.client as integer;
create sequence ids.repository as integer;
create sequence ids.schedule as integer;
create sequence ids.policy as integer;
create sequence ids.api_token as integer;
create sequence ids.job as integer;
create sequence ids.job_event as bigint;
create sequence ids.catalog_entry as bigint;
grant usage on schema ids to cyborgbackup_app;
grant usage, select, update on all sequences in schema ids to cyborgbackup_app;
`,
};
