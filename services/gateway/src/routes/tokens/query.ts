import type { RowSource } from '../../lists/index.ts';
import type { Person } from '../../db/authored.ts';

export interface TokenRow {
  readonly id: number;
  readonly uuid: string;
  readonly user_uuid: string;
  readonly user: number;
  readonly person: Person;
  readonly name: string;
  readonly scope: 'read' | 'write';
  readonly created: string;
  readonly expires_at: string | null;
  readonly last_used: string | null;
}

export const tokenSource: RowSource = {
  select: `t.id, t.uuid, t.user_uuid, u.id as user, t.name, t.scope, t.created, t.expires_at, t.last_used,
    json_build_object('id', u.id, 'email', u.email, 'first_name', u.first_name, 'last_name', u.last_name) as person`,
  from: 'inventory.api_tokens t join inventory.users u on u.uuid = t.user_uuid',
};
