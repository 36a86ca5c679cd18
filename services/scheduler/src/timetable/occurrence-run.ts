import { nameUuid } from '@cyborgbackup/kernel';
import type { EntryKey } from './rows/timetable-entry.ts';

/**
 * The uuid of the run of an occurrence (`due` in milliseconds since 1970). It is always the same for the same occurrence, so a
 * second start finds it started or skipped.
 */
export const occurrenceRun = ({ subject, kind }: EntryKey, due: number): string =>
  nameUuid(subject, `${kind}/${new Date(due).toISOString()}`);
