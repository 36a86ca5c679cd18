import { columns, type ListSource } from './list-source.ts';

export const users: ListSource = {
  name: 'users',
  label: 'User',
  type: 'user',
  table: 'inventory.users',
  fields: {
    ...columns.int('id'),
    ...columns.timestamp('created'),
    ...columns.text('first_name', 'last_name', 'email'),
    ...columns.bool('is_superuser', 'notify_backup_daily', 'notify_backup_weekly', 'notify_backup_monthly'),
    ...columns.bool('notify_backup_success', 'notify_backup_failed', 'notify_backup_summary'),
  },
  relations: {},
  search: ['email', 'first_name', 'last_name'],
};
