import type { TimetableEntry, TimetableRepository, TimetableSchedule } from '@cyborgbackup/read-models';
import type { ScheduleEvent, SettingsEvent, OccurrenceKind } from '@cyborgbackup/contracts';
import { systemClock, type Clock } from '@cyborgbackup/kernel';
import { insertSorted, removeSorted } from '../collections/sorted-array.ts';
import { firstDue, historyOf, startOf, type History } from './entry-history.ts';
import { createReferences } from './references.ts';
import { notAhead, type Recorded, type RowUpdate } from './rows/row-history.ts';
import {
  entryKeys,
  evolveEntry,
  withProcessed,
  type EntryKey,
  type TimetableEntryEvent,
} from './rows/timetable-entry.ts';
import { evolveRepository } from './rows/timetable-repository.ts';
import { evolveSchedule, SETTINGS_SCHEDULE_UUID } from './rows/timetable-schedule.ts';

export interface TimetableRows {
  readonly entries: readonly TimetableEntry[];
  readonly schedules: readonly TimetableSchedule[];
  readonly repositories: readonly TimetableRepository[];
}

export type TimetableEvent = TimetableEntryEvent | ScheduleEvent | SettingsEvent;

/** Something that should have been started by now. */
export interface DueEntry {
  readonly entry: TimetableEntry;
  /** As it is now; without one, as the last one was. */
  readonly schedule: TimetableSchedule;
  readonly history: History;
  /** The first occurrence that has neither a run nor a reason for none, in milliseconds since 1970. */
  readonly first: number;
}

/** When what is due; no I/O. */
export interface Timetable {
  evolve(event: Recorded<TimetableEvent>): void;
  /** All that is due, each entry once. */
  due(now: number): readonly DueEntry[];
  /** When something is due next; undefined for never. */
  nextDue(): number | undefined;
  /** The occurrences of an entry up to this time, in milliseconds since 1970, were decided before they came to be due again. */
  pass(key: EntryKey, until: number): void;
}

/** An entry that will be due. */
interface ScheduledEntry extends DueEntry {
  readonly name: string;
  /** When its first occurrence is to be started. */
  readonly start: number;
}

const compareStarts = (a: ScheduledEntry, b: ScheduledEntry): number =>
  a.start - b.start || (a.name < b.name ? -1 : Number(a.name > b.name));

export const entryName = (kind: OccurrenceKind, subject: string): string => `${kind}/${subject}`;
const nameOf = ({ kind, subject }: EntryKey): string => entryName(kind, subject);

/**
 * Entries are sorted by their next start: what is due costs as much as there is due, however many entries wait. The next
 * occurrence of an entry is computed when something that it depends on has changed.
 * @param clock what was recorded ahead of it counts as of now; it must not be set back later by more than a minute
 */
export const createTimetable = (rows: TimetableRows, clock: Clock = systemClock): Timetable => {
  const present = <Row extends Parameters<typeof notAhead>[0]>(row: Row): Row => notAhead(row, clock.now());
  const presentIf = <Row extends Parameters<typeof notAhead>[0]>(row: Row | undefined): Row | undefined =>
    row && present(row);
  const entries = new Map<string, TimetableEntry>();
  const schedules = createReferences(rows.schedules.map(present));
  const repositories = createReferences(rows.repositories.map(present));
  const context = { schedules: schedules.byId, repositories: repositories.byId };
  const scheduled = new Map<string, ScheduledEntry>();
  const byStart: ScheduledEntry[] = [];

  const scheduleEntry = (name: string, entry: TimetableEntry): ScheduledEntry | undefined => {
    const history = historyOf(entry, context);
    const first = firstDue(history);
    if (!first) return undefined;
    const schedule = context.schedules.get(entry.schedule ?? NaN) ?? first.schedule;
    return { name, entry, schedule, history, first: first.due, start: startOf(history, first.due) };
  };

  const reschedule = (name: string): void => {
    const old = scheduled.get(name);
    if (old) removeSorted(byStart, old, compareStarts);
    scheduled.delete(name);
    const entry = entries.get(name);
    const next = entry && scheduleEntry(name, entry);
    if (!next) return;
    scheduled.set(name, next);
    insertSorted(byStart, next, compareStarts);
  };

  const setEntry = (name: string, update: RowUpdate<TimetableEntry>): void => {
    const old = entries.get(name);
    if (update === undefined || update === old) return;
    const next = update && present(update);
    if (next) entries.set(name, next);
    else entries.delete(name);
    schedules.refer(name, old?.schedule, next?.schedule);
    repositories.refer(name, old?.repository, next?.repository);
    reschedule(name);
  };

  const evolveEntries = (event: Recorded<TimetableEntryEvent>): void => {
    for (const key of entryKeys(event)) setEntry(nameOf(key), evolveEntry(entries.get(nameOf(key)), key, event));
  };

  const setSchedule = (uuid: string, event: Recorded<ScheduleEvent | SettingsEvent>): void =>
    schedules.update(uuid, (row) => presentIf(evolveSchedule(row, event))).forEach(reschedule);

  for (const entry of rows.entries) setEntry(nameOf(entry), entry);

  return {
    evolve: (event) => {
      switch (event.type) {
        case 'setting-changed':
        case 'secret-setting-changed':
        case 'ssh-key-generated':
          return setSchedule(SETTINGS_SCHEDULE_UUID, event);
        case 'schedule-registered':
        case 'schedule-changed':
        case 'schedule-removed':
          return setSchedule(event.data.uuid, event);
        case 'repository-registered':
        case 'repository-changed':
        case 'repository-removed':
          repositories.update(event.data.uuid, (row) => presentIf(evolveRepository(row, event))).forEach(reschedule);
          return evolveEntries(event);
        default:
          return evolveEntries(event);
      }
    },
    due: (now) => {
      const end = byStart.findIndex(({ start }) => start > now);
      return end < 0 ? [...byStart] : byStart.slice(0, end);
    },
    nextDue: () => byStart[0]?.start,
    pass: (key, until) => {
      const name = nameOf(key);
      if ((scheduled.get(name)?.first ?? Infinity) > until) return;
      setEntry(name, withProcessed(entries.get(name), new Date(until).toISOString()));
    },
  };
};
