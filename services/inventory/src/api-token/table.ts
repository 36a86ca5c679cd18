import type { ApiTokenEvent, UserEvent } from '@cyborgbackup/contracts';
import { defineReadModel } from '@cyborgbackup/projections';
import { inventory, type ApiTokenRow } from '@cyborgbackup/read-models';

export const apiTokens = defineReadModel<ApiTokenRow, ApiTokenEvent | UserEvent>(inventory.apiTokens, {
  'api-token-created': ({ data: { user, ...data }, metadata, version }, table) =>
    table.put({
      ...data,
      user_uuid: user,
      revoked: false,
      last_used: null,
      created: metadata.occurredAt,
      revision: version,
    }),
  'api-token-used': ({ data: { uuid }, metadata }, table) => table.update({ uuid }, { last_used: metadata.occurredAt }),
  'api-token-revoked': ({ data: { uuid }, version }, table) =>
    table.update({ uuid }, { revoked: true, revision: version }),
  'user-password-changed': ({ data }, table) => table.updateMatches({ user_uuid: data.uuid }, { revoked: true }),
  'user-removed': ({ data }, table) => table.updateMatches({ user_uuid: data.uuid }, { revoked: true }),
});
