import { inventory } from '@cyborgbackup/read-models';
import { fieldsOf, type ListSource } from './list-source.ts';

export const users: ListSource = {
  name: 'users',
  label: 'User',
  type: 'user',
  table: inventory.users.name,
  fields: fieldsOf(inventory.users, {
    hide: ['uuid', 'modified', 'revision', 'comparable_email', 'credentials_changed_at'],
  }),
  relations: {},
  search: ['email', 'first_name', 'last_name'],
};
