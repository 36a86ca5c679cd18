import { nameUuid } from '@cyborgbackup/kernel';
import type { EntryKey } from './timetable-entry.ts';

/**
 * The run of a slot (milliseconds since 1970). The same slot is always the same run: whoever starts it a second time finds
 * it started, or skipped.
 */
export const slotRun = ({ subject, kind }: EntryKey, due: number): string =>
  nameUuid(subject, `${kind}/${new Date(due).toISOString()}`);
