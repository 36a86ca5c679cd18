import { scheduleFields } from '@cyborgbackup/contracts';
import { pick, presentCommon } from '../../http/core/representation.ts';
import type { ScheduleRow } from './query.ts';

const fields = scheduleFields.keyof().options;

export const presentSchedule = (row: ScheduleRow): object => ({
  ...presentCommon(row, { type: 'schedule', collection: 'schedules' }),
  ...pick(row, fields),
  uuid: row.uuid,
});
