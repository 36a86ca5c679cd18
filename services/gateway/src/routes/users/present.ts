import { userFields } from '@cyborgbackup/contracts';
import { pick, userUrl } from '../../http/core/representation.ts';
import type { UserRow } from './query.ts';

const fields = userFields.keyof().options;

export const presentUser = (row: UserRow): object => ({
  id: row.id,
  type: 'user',
  url: userUrl(row.id),
  related: {},
  summary_fields: {},
  created: row.created,
  ...pick(row, fields),
});
