import { userFields, type UserFields } from '@cyborgbackup/contracts';
import type { RowSource } from '../../list/index.ts';
import type { StoredRow } from '../../http/resource.ts';
import { columnsOf } from '../../read/authored.ts';

export interface UserRow extends StoredRow, UserFields {
  readonly created: string;
}

export const userSource: RowSource = {
  select: columnsOf(['id', 'uuid', 'created', 'revision', ...Object.keys(userFields.shape)]),
  from: 'inventory.users t',
};
