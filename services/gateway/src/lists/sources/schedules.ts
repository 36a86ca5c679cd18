import type { RowOf } from '@cyborgbackup/projections/define';
import { inventory } from '@cyborgbackup/read-models';
import { authoredSource, type AuthoredRow } from '../../db/authored.ts';
import { authors, fieldsOf, STAMPS, type ResourceSource } from './list-source.ts';

export type ScheduleRow = AuthoredRow<RowOf<typeof inventory.schedules>>;

export const schedules: ResourceSource = {
  name: 'schedules',
  label: 'Schedule',
  type: 'schedule',
  table: inventory.schedules.name,
  rows: authoredSource(inventory.schedules, {}),
  fields: fieldsOf(inventory.schedules, { hide: STAMPS }),
  relations: { ...authors, policies: { target: 'policies', from: 'id', to: 'schedule', many: true } },
  search: ['name'],
};
