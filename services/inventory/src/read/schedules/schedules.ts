import type { ScheduleEvent, ScheduleFields } from '@cyborgbackup/contracts';
import { defineReadModel } from '@cyborgbackup/projections';
import { definedFields, firstStamps, nextStamps, type RowStamps } from '../row-stamps.ts';

export interface ScheduleRow extends ScheduleFields, RowStamps {
  readonly uuid: string;
  readonly id: number;
}

export const schedules = defineReadModel<ScheduleRow, ScheduleEvent>({
  table: 'schedules',
  columns: {
    uuid: 'uuid',
    id: 'int4',
    created: 'timestamptz',
    modified: 'timestamptz',
    created_by: 'uuid?',
    modified_by: 'uuid?',
    revision: 'int4',
    name: 'text',
    crontab: 'text',
    timezone: 'text',
    enabled: 'bool',
    jitter: 'int4',
    blackouts: 'text[]',
  },
  key: ['uuid'],
  indexes: ['(id)', '(name)'],
  on: {
    'schedule-registered': (event, table) => table.put({ ...event.data, ...firstStamps(event) }),
    'schedule-changed': (event, table) =>
      table.update({ uuid: event.data.uuid }, { ...definedFields(event.data), ...nextStamps(event) }),
    'schedule-removed': ({ data }, table) => table.remove({ uuid: data.uuid }),
  },
});
