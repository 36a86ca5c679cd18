import type { UserFields } from '@cyborgbackup/contracts';
import type { EncryptedValue } from '@cyborgbackup/kernel';
import { defineTable, typed, type ColumnsFor, type RowOf } from '@cyborgbackup/projections/define';
import { identity } from './stamps.ts';

export const users = defineTable('inventory.users', {
  columns: {
    ...identity,
    created: 'timestamptz',
    modified: 'timestamptz',
    revision: 'int4',
    ...({
      first_name: 'text',
      last_name: 'text',
      email: 'text',
      is_superuser: 'bool',
      notify_backup_daily: 'bool',
      notify_backup_weekly: 'bool',
      notify_backup_monthly: 'bool',
      notify_backup_success: 'bool',
      notify_backup_failed: 'bool',
      notify_backup_summary: 'bool',
    } satisfies ColumnsFor<UserFields>),
    /** See `comparableEmail`. */
    comparable_email: 'text',
    password_hash: typed<EncryptedValue>('jsonb'),
    /** Sessions opened before are void. */
    credentials_changed_at: 'timestamptz',
  },
  key: ['uuid'],
  indexes: ['(id)', '(comparable_email)'],
});
export type UserRow = RowOf<typeof users>;

/** A session ends by itself, and with its user's password or account. Its row goes long after that. */
export const sessions = defineTable('inventory.sessions', {
  columns: {
    uuid: 'uuid',
    user_uuid: 'uuid',
    /** The only refresh token that is good now. */
    refresh_id: 'uuid',
    expires_at: 'timestamptz',
    revoked: 'bool',
    created: 'timestamptz',
  },
  key: ['uuid'],
  indexes: ['(user_uuid)', '(expires_at)'],
});
export type SessionRow = RowOf<typeof sessions>;

export const apiTokens = defineTable('inventory.api_tokens', {
  columns: {
    ...identity,
    user_uuid: 'uuid',
    name: 'text',
    /** See `apiTokenScope`. */
    scope: 'text',
    expires_at: 'timestamptz?',
    /** SHA-256 of the token, hex. */
    token_hash: 'text',
    revoked: 'bool',
    last_used: 'timestamptz?',
    created: 'timestamptz',
    revision: 'int4',
  },
  key: ['uuid'],
  indexes: ['(id)', '(user_uuid)', '(token_hash)'],
});
export type ApiTokenRow = RowOf<typeof apiTokens>;
