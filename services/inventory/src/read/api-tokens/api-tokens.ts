import type { ApiTokenEvent, UserEvent } from '@cyborgbackup/contracts';
import { defineReadModel } from '@cyborgbackup/projections';

export interface ApiTokenRow {
  readonly uuid: string;
  readonly id: number;
  readonly user_uuid: string;
  readonly name: string;
  readonly scope: string;
  readonly expires_at: string | null;
  /** SHA-256 of the token, hex. */
  readonly token_hash: string;
  readonly revoked: boolean;
  readonly last_used: string | null;
  readonly created: string;
  readonly revision: number;
}

export const apiTokens = defineReadModel<ApiTokenRow, ApiTokenEvent | UserEvent>({
  table: 'api_tokens',
  columns: {
    uuid: 'uuid',
    id: 'int4',
    user_uuid: 'uuid',
    name: 'text',
    scope: 'text',
    expires_at: 'timestamptz?',
    token_hash: 'text',
    revoked: 'bool',
    last_used: 'timestamptz?',
    created: 'timestamptz',
    revision: 'int4',
  },
  key: ['uuid'],
  indexes: ['(id)', '(user_uuid)', '(token_hash)'],
  on: {
    'api-token-created': ({ data: { user, ...data }, metadata, version }, table) =>
      table.put({
        ...data,
        user_uuid: user,
        revoked: false,
        last_used: null,
        created: metadata.occurredAt,
        revision: version,
      }),
    'api-token-used': ({ data: { uuid }, metadata }, table) =>
      table.update({ uuid }, { last_used: metadata.occurredAt }),
    'api-token-revoked': ({ data: { uuid }, version }, table) =>
      table.update({ uuid }, { revoked: true, revision: version }),
    'user-removed': ({ data }, table) => table.updateMatches({ user_uuid: data.uuid }, { revoked: true }),
  },
});
