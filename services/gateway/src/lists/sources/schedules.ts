import { authors, columns, inventoryFields, type ListSource } from './list-source.ts';

export const schedules: ListSource = {
  name: 'schedules',
  label: 'Schedule',
  type: 'schedule',
  table: 'inventory.schedules',
  fields: {
    ...inventoryFields,
    ...columns.text('name', 'crontab', 'timezone'),
    ...columns.int('jitter'),
    ...columns.bool('enabled'),
  },
  relations: { ...authors, policies: { target: 'policies', from: 'id', to: 'schedule', many: true } },
  search: ['name'],
};
