import { userFields, type UserFields } from '@cyborgbackup/contracts';
import type { RowSource } from '../../lists/index.ts';
import type { StoredRow } from '../../http/resource/resource.ts';
import { columnsOf } from '../../db/authored.ts';

export interface UserRow extends StoredRow, UserFields {
  readonly created: string;
}

export const userSource: RowSource = {
  select: columnsOf(['id', 'uuid', 'created', 'revision', ...Object.keys(userFields.shape)]),
  from: 'inventory.users t',
};
