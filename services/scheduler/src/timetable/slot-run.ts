import type { SlotKind } from '@cyborgbackup/contracts';
import { nameUuid } from '../run/name-uuid.ts';
import type { EntryKey } from './timetable-entry.ts';

/** Names of the first release's slots are for ever: backups have no kind in theirs. */
const prefixOf = (kind: SlotKind): string => (kind === 'backup' ? '' : `${kind}/`);

/**
 * The run of a slot (milliseconds since 1970). The same slot is always the same run: whoever starts it a second time finds
 * it started, or skipped.
 */
export const slotRun = ({ subject, kind }: EntryKey, due: number): string =>
  nameUuid(subject, `${prefixOf(kind)}${new Date(due).toISOString()}`);
