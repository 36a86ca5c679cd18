import type { SessionEvent, UserEvent } from '@cyborgbackup/contracts';
import { defineReadModel } from '@cyborgbackup/projections';

export interface SessionRow {
  readonly uuid: string;
  readonly user_uuid: string;
  /** The only refresh token that is good now. */
  readonly refresh_id: string;
  readonly expires_at: string;
  readonly revoked: boolean;
  readonly created: string;
}

/** A session ends by itself, and with its user's password or account. Long after that its row goes. */
export const sessions = defineReadModel<SessionRow, SessionEvent | UserEvent>({
  table: 'sessions',
  columns: {
    uuid: 'uuid',
    user_uuid: 'uuid',
    refresh_id: 'uuid',
    expires_at: 'timestamptz',
    revoked: 'bool',
    created: 'timestamptz',
  },
  key: ['uuid'],
  indexes: ['(user_uuid)', '(expires_at)'],
  on: {
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
  },
});
