import type { UserEvent, UserFields } from '@cyborgbackup/contracts';
import type { EncryptedValue } from '@cyborgbackup/kernel';
import { defineReadModel } from '@cyborgbackup/projections';
import { definedFields, sealedOnly } from '../row-stamps.ts';

export interface UserRow extends UserFields {
  readonly uuid: string;
  readonly id: number;
  readonly created: string;
  readonly modified: string;
  readonly revision: number;
  readonly password_hash: EncryptedValue;
  /** Sessions opened before are void. */
  readonly credentials_changed_at: string;
}

export const users = defineReadModel<UserRow, UserEvent>({
  table: 'users',
  columns: {
    uuid: 'uuid',
    id: 'int4',
    created: 'timestamptz',
    modified: 'timestamptz',
    revision: 'int4',
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
    password_hash: 'jsonb',
    credentials_changed_at: 'timestamptz',
  },
  key: ['uuid'],
  indexes: ['(id)', '(lower(email))'],
  on: {
    'user-registered': ({ data, metadata: { occurredAt }, version }, table) =>
      table.put({
        ...data,
        password_hash: sealedOnly(data.password_hash),
        created: occurredAt,
        modified: occurredAt,
        revision: version,
        credentials_changed_at: occurredAt,
      }),
    'user-changed': ({ data, metadata: { occurredAt }, version }, table) =>
      table.update({ uuid: data.uuid }, { ...definedFields(data), modified: occurredAt, revision: version }),
    'user-password-changed': ({ data, metadata: { occurredAt }, version }, table) =>
      table.update(
        { uuid: data.uuid },
        {
          password_hash: sealedOnly(data.password_hash),
          credentials_changed_at: occurredAt,
          modified: occurredAt,
          revision: version,
        },
      ),
    'user-removed': ({ data }, table) => table.remove({ uuid: data.uuid }),
  },
});
