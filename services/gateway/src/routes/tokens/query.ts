import type { ApiTokenRow } from '@cyborgbackup/read-models';
import type { RowSource } from '../../lists/index.ts';
import { personOf, type Person } from '../../db/authored.ts';

type TokenColumn = 'id' | 'uuid' | 'user_uuid' | 'name' | 'scope' | 'created' | 'expires_at' | 'last_used';

export interface TokenRow extends Pick<ApiTokenRow, TokenColumn> {
  readonly user: number;
  readonly person: Person;
}

export const tokenSource: RowSource = {
  select: `t.id, t.uuid, t.user_uuid, u.id as user, t.name, t.scope, t.created, t.expires_at, t.last_used,
    ${personOf('u')} as person`,
  from: 'inventory.api_tokens t join inventory.users u on u.uuid = t.user_uuid',
};
