import { defineTable, type RowOf } from '@cyborgbackup/projections/define';

/** The jobs that may run: each holds its repository and its client until the grant is released. */
export const grants = defineTable('scheduler.grants', {
  columns: {
    job: 'uuid',
    run: 'uuid',
    repository: 'uuid?',
    client: 'uuid?',
    /** Version of the grant in its stream; part of the published message's id. */
    granted_version: 'int4',
  },
  key: ['job'],
});
export type GrantRow = RowOf<typeof grants>;

/** How far the stream of grants has come: one row. */
export const grantsVersion = defineTable('scheduler.grants_version', {
  columns: { stream: 'text', version: 'int4' },
  key: ['stream'],
});
export type GrantsVersionRow = RowOf<typeof grantsVersion>;

/** A job that found machines which have no jobs yet: its run has not ended. */
export const pendingExtensions = defineTable('scheduler.pending_extensions', {
  columns: {
    job: 'uuid',
    /** What the machines' backups will use. */
    repository: 'uuid?',
    client: 'uuid?',
  },
  key: ['job'],
});
export type PendingExtensionRow = RowOf<typeof pendingExtensions>;
