import type { RepositoryEvent, ScheduleEvent, SettingsEvent, SlotKind } from '@cyborgbackup/contracts';
import type { TimetableEntry, TimetableRepository, TimetableSchedule } from '@cyborgbackup/read-models';
import { createHeap } from '../heap.ts';
import type { Next, Occurred } from './row-fold.ts';
import { entryKeys, evolveEntry, type EntryKey, type TimetableEntryEvent } from './timetable-entry.ts';
import { firstSlot, startOf, timelineOf, type Timeline } from './timeline.ts';
import { evolveRepository } from './timetable-repository.ts';
import { evolveSchedule, isScheduleSetting, SETTINGS_SCHEDULE_UUID } from './timetable-schedule.ts';

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
  readonly timeline: Timeline;
  /** The first slot that is neither run nor skipped, in milliseconds since 1970. */
  readonly first: number;
}

/** When what is due; no I/O. */
export interface Timetable {
  evolve(event: Occurred<TimetableEvent>): void;
  /** All that is due, each entry once. */
  due(now: number): readonly DueEntry[];
  /** When something is due next; undefined for never. */
  nextDue(): number | undefined;
}

/** An entry that will be due. */
interface Place extends DueEntry {
  /** When its first open slot is to be started. */
  readonly start: number;
}

export const entryName = (kind: SlotKind, subject: string): string => `${kind}/${subject}`;
const nameOf = ({ kind, subject }: EntryKey): string => entryName(kind, subject);

/**
 * Entries stand in a heap by their next start: what is due costs as much as there is due, however many entries wait. The
 * next slot of an entry is computed when something that it depends on has changed.
 */
export const createTimetable = (rows: TimetableRows): Timetable => {
  const entries = new Map(rows.entries.map((row) => [nameOf(row), row]));
  const schedules = new Map(rows.schedules.map((row) => [row.uuid, row]));
  const repositories = new Map(rows.repositories.map((row) => [row.uuid, row]));
  const scheduleOf = new Map(rows.schedules.map((row) => [row.id, row]));
  const repositoryOf = new Map(rows.repositories.map((row) => [row.id, row]));
  const ofSchedule = createIndex();
  const ofRepository = createIndex();
  const places = new Map<string, Place>();
  const heap = createHeap<Place>((a, b) => a.start - b.start);

  const placeOf = (entry: TimetableEntry): Place | undefined => {
    const timeline = timelineOf(entry, { schedules: scheduleOf, repositories: repositoryOf });
    const slot = firstSlot(timeline);
    if (!slot) return undefined;
    const schedule = scheduleOf.get(entry.schedule ?? NaN) ?? slot.schedule;
    return { entry, schedule, timeline, first: slot.due, start: startOf(timeline, slot.due) };
  };

  const arrange = (name: string): void => {
    const [entry, old] = [entries.get(name), places.get(name)];
    if (old) heap.remove(old);
    places.delete(name);
    const place = entry && placeOf(entry);
    if (!place) return;
    places.set(name, place);
    heap.add(place);
  };

  const setEntry = (name: string, next: Next<TimetableEntry>): void => {
    const old = entries.get(name);
    store(entries, name, next);
    const entry = entries.get(name);
    if (entry === old) return;
    ofSchedule.move(name, old?.schedule, entry?.schedule);
    ofRepository.move(name, old?.repository, entry?.repository);
    arrange(name);
  };

  const onSchedule = (uuid: string, event: Occurred<ScheduleEvent | SettingsEvent>): void => {
    const old = schedules.get(uuid);
    store(schedules, uuid, evolveSchedule(old, event));
    const row = schedules.get(uuid);
    if (row === old) return;
    const id = row?.id ?? old?.id ?? NaN;
    if (row) scheduleOf.set(id, row);
    else scheduleOf.delete(id);
    for (const name of ofSchedule.names(id)) arrange(name);
  };

  const onRepository = (event: Occurred<RepositoryEvent>): void => {
    const { uuid } = event.data;
    const old = repositories.get(uuid);
    store(repositories, uuid, evolveRepository(old, event));
    const row = repositories.get(uuid);
    if (row === old) return;
    const id = row?.id ?? old?.id ?? NaN;
    if (row) repositoryOf.set(id, row);
    else repositoryOf.delete(id);
    for (const name of ofRepository.names(id)) arrange(name);
  };

  for (const [name, { schedule, repository }] of entries) {
    ofSchedule.move(name, undefined, schedule);
    ofRepository.move(name, undefined, repository);
    arrange(name);
  }

  return {
    evolve: (event) => {
      if (isSettingsEvent(event)) {
        if (isScheduleSetting(event)) onSchedule(SETTINGS_SCHEDULE_UUID, event);
        return;
      }
      if (isScheduleEvent(event)) return onSchedule(event.data.uuid, event);
      if (isRepositoryEvent(event)) onRepository(event);
      for (const key of entryKeys(event)) {
        const name = nameOf(key);
        setEntry(name, evolveEntry(entries.get(name), key, event));
      }
    },
    due: (now) => heap.leading(({ start }) => start <= now),
    nextDue: () => heap.first()?.start,
  };
};

const store = <Row extends object>(table: Map<string, Row>, key: string, next: Next<Row>): void => {
  if (next) table.set(key, next);
  else if (next === null) table.delete(key);
};

const isScheduleEvent = (event: Occurred<TimetableEvent>): event is Occurred<ScheduleEvent> =>
  event.type !== 'schedule-slot-skipped' && event.type.startsWith('schedule-');
const isSettingsEvent = (event: Occurred<TimetableEvent>): event is Occurred<SettingsEvent> =>
  ['setting-changed', 'secret-setting-changed', 'ssh-key-generated'].includes(event.type);
const isRepositoryEvent = (event: Occurred<TimetableEvent>): event is Occurred<RepositoryEvent> =>
  event.type.startsWith('repository-');

/** Entries by the id of something they depend on. */
interface Index {
  move(name: string, from: number | null | undefined, to: number | null | undefined): void;
  names(id: number): Iterable<string>;
}

const createIndex = (): Index => {
  const names = new Map<number, Set<string>>();
  return {
    move: (name, from, to) => {
      if (from === to) return;
      if (typeof from === 'number') names.get(from)?.delete(name);
      if (typeof to === 'number') names.set(to, (names.get(to) ?? new Set()).add(name));
    },
    names: (id) => names.get(id) ?? [],
  };
};
