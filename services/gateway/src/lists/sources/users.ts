import type { RowOf } from '@cyborgbackup/projections/define';
import { inventory } from '@cyborgbackup/read-models';
import { columnsOf } from '../../db/authored.ts';
import { fieldsOf, type ResourceSource } from './list-source.ts';

const HIDDEN = ['comparable_email', 'password_hash', 'credentials_changed_at', 'modified'] as const;

export type UserRow = Omit<RowOf<typeof inventory.users>, (typeof HIDDEN)[number]>;

export const users: ResourceSource = {
  name: 'users',
  label: 'User',
  type: 'user',
  table: inventory.users.name,
  rows: { select: columnsOf(inventory.users, HIDDEN), from: 'inventory.users t' },
  fields: fieldsOf(inventory.users, { hide: [...HIDDEN, 'uuid', 'revision'] }),
  relations: {},
  search: ['email', 'first_name', 'last_name'],
};
