import { pick, urlOf, userUrl } from '../../http/core/representation.ts';
import { shortIsoOrNull } from '../../db/timestamps.ts';
import type { TokenRow } from './query.ts';

export const presentToken = (row: TokenRow): object => ({
  id: row.id,
  type: 'token',
  url: urlOf('tokens', row.id),
  related: { user: userUrl(row.user) },
  summary_fields: { user: row.person },
  ...pick(row, ['created', 'user', 'name', 'scope']),
  expires_at: shortIsoOrNull(row.expires_at),
  last_used: shortIsoOrNull(row.last_used),
  uuid: row.uuid,
});
