import type { RowOf } from '@cyborgbackup/projections/define';
import { inventory } from '@cyborgbackup/read-models';
import type { RowSource } from '../../lists/index.ts';
import { authoredSource, type AuthoredRow } from '../../db/authored.ts';

export type ScheduleRow = AuthoredRow<RowOf<typeof inventory.schedules>>;

export const scheduleSource: RowSource = authoredSource(inventory.schedules, {});
