import { scheduleFields, type ScheduleFields } from '@cyborgbackup/contracts';
import type { RowSource } from '../../lists/index.ts';
import type { CommonRow } from '../../http/core/representation.ts';
import type { StoredRow } from '../../http/resource/resource.ts';
import { authorColumns, authorJoins, columnsOf } from '../../db/authored.ts';

export interface ScheduleRow extends StoredRow, CommonRow, ScheduleFields {}

const columns = ['id', 'uuid', 'created', 'modified', 'revision', ...Object.keys(scheduleFields.shape)];

export const scheduleSource: RowSource = {
  select: `${columnsOf(columns)}, ${authorColumns}`,
  from: `inventory.schedules t ${authorJoins}`,
};
