import { scheduleFields, type ScheduleFields } from '@cyborgbackup/contracts';
import type { RowSource } from '../../list/index.ts';
import type { CommonRow } from '../../http/representation.ts';
import type { StoredRow } from '../../http/resource.ts';
import { authorColumns, authorJoins, columnsOf } from '../../read/authored.ts';

export interface ScheduleRow extends StoredRow, CommonRow, ScheduleFields {}

const columns = ['id', 'uuid', 'created', 'modified', 'revision', ...Object.keys(scheduleFields.shape)];

export const scheduleSource: RowSource = {
  select: `${columnsOf(columns)}, ${authorColumns}`,
  from: `inventory.schedules t ${authorJoins}`,
};
