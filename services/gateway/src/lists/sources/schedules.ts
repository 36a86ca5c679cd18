import { inventory } from '@cyborgbackup/read-models';
import { authors, fieldsOf, STAMPS, type ListSource } from './list-source.ts';

export const schedules: ListSource = {
  name: 'schedules',
  label: 'Schedule',
  type: 'schedule',
  table: inventory.schedules.name,
  fields: fieldsOf(inventory.schedules, { hide: STAMPS }),
  relations: { ...authors, policies: { target: 'policies', from: 'id', to: 'schedule', many: true } },
  search: ['name'],
};
