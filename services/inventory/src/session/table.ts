import type { SessionEvent, UserEvent } from '@cyborgbackup/contracts';
import { defineReadModel } from '@cyborgbackup/projections';
import { inventory, type SessionRow } from '@cyborgbackup/read-models';

export const sessions = defineReadModel<SessionRow, SessionEvent | UserEvent>(inventory.sessions, {
  'session-opened': ({ data, metadata }, table) =>
    table.put({
      uuid: data.uuid,
      user_uuid: data.user,
      refresh_id: data.refresh_id,
      expires_at: data.expires_at,
      revoked: false,
      created: metadata.occurredAt,
    }),
  'session-refreshed': ({ data: { uuid, refresh_id, expires_at } }, table) =>
    table.update({ uuid }, { refresh_id, expires_at }),
  'session-revoked': ({ data: { uuid } }, table) => table.update({ uuid }, { revoked: true }),
  'session-expired': ({ data: { uuid } }, table) => table.remove({ uuid }),
  'user-password-changed': ({ data }, table) => table.updateMatches({ user_uuid: data.uuid }, { revoked: true }),
  'user-removed': ({ data }, table) => table.updateMatches({ user_uuid: data.uuid }, { revoked: true }),
});
