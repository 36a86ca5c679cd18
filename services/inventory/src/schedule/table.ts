import type { ScheduleEvent } from '@cyborgbackup/contracts';
import { defineReadModel } from '@cyborgbackup/projections';
import { inventory, type ScheduleRow } from '@cyborgbackup/read-models';
import { definedFields, firstStamps, nextStamps } from '../shared/row-stamps.ts';

export const schedules = defineReadModel<ScheduleRow, ScheduleEvent>(inventory.schedules, {
  'schedule-registered': (event, table) => table.put({ ...event.data, ...firstStamps(event) }),
  'schedule-changed': (event, table) =>
    table.update({ uuid: event.data.uuid }, { ...definedFields(event.data), ...nextStamps(event) }),
  'schedule-removed': ({ data }, table) => table.remove({ uuid: data.uuid }),
});
