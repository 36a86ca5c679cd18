import type { RowOf } from '@cyborgbackup/projections/define';
import { inventory } from '@cyborgbackup/read-models';
import type { RowSource } from '../../list/index.ts';
import { authoredSource, type AuthoredRow } from '../../read/authored.ts';

export type ScheduleRow = AuthoredRow<RowOf<typeof inventory.schedules>>;

export const scheduleSource: RowSource = authoredSource(inventory.schedules, {});
