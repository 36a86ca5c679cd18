import { comparableEmail, type UserEvent } from '@cyborgbackup/contracts';
import { defineReadModel } from '@cyborgbackup/projections';
import { inventory, type UserRow } from '@cyborgbackup/read-models';
import { definedFields, sealedOnly } from '../shared/row-stamps.ts';

export const users = defineReadModel<UserRow, UserEvent>(inventory.users, {
  'user-registered': ({ data, metadata: { occurredAt }, version }, table) =>
    table.put({
      ...data,
      comparable_email: comparableEmail(data.email),
      password_hash: sealedOnly(data.password_hash),
      created: occurredAt,
      modified: occurredAt,
      revision: version,
      credentials_changed_at: occurredAt,
    }),
  'user-changed': ({ data, metadata: { occurredAt }, version }, table) =>
    table.update(
      { uuid: data.uuid },
      {
        ...definedFields(data),
        ...(data.email === undefined ? {} : { comparable_email: comparableEmail(data.email) }),
        modified: occurredAt,
        revision: version,
      },
    ),
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
});
