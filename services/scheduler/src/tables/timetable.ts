import type { RepositoryEvent, ScheduleEvent, SettingsEvent } from '@cyborgbackup/contracts';
import type { RecordedEvent } from '@cyborgbackup/kernel';
import { defineReadModel, type TableChanges } from '@cyborgbackup/projections';
import {
  scheduler,
  type TimetableEntry,
  type TimetableSchedule,
  type TimetableRepository,
} from '@cyborgbackup/read-models';
import { entryKeys, evolveEntry, type TimetableEntryEvent } from '../timetable/rows/timetable-entry.ts';
import { evolveRepository } from '../timetable/rows/timetable-repository.ts';
import { evolveSchedule, isScheduleSetting, SETTINGS_SCHEDULE_UUID } from '../timetable/rows/timetable-schedule.ts';
import { knownEvent } from './known-event.ts';

/*
 * The timetable as tables, apart from the inventory's own: every row is exactly as old as the jobs beside it, so that a
 * scheduler that starts can go on from one position of the log.
 */
const onEntries = (recorded: RecordedEvent<TimetableEntryEvent>, table: TableChanges<TimetableEntry>) => {
  const event = knownEvent(recorded);
  return entryKeys(event).map((key) => table.upsert({ ...key }, (row) => evolveEntry(row, key, event)));
};

export const timetableEntries = defineReadModel<TimetableEntry, TimetableEntryEvent>(scheduler.timetableEntries, {
  'policy-registered': onEntries,
  'policy-changed': onEntries,
  'policy-removed': onEntries,
  'repository-registered': onEntries,
  'repository-changed': onEntries,
  'repository-removed': onEntries,
  'run-requested': onEntries,
  'occurrence-skipped': onEntries,
});

const onSchedule = (event: RecordedEvent<ScheduleEvent>, table: TableChanges<TimetableSchedule>) =>
  table.upsert({ uuid: event.data.uuid }, (row) => evolveSchedule(row, knownEvent(event)));

const onSetting = (recorded: RecordedEvent<SettingsEvent>, table: TableChanges<TimetableSchedule>) => {
  const event = knownEvent(recorded);
  if (!isScheduleSetting(event)) return [];
  return table.upsert({ uuid: SETTINGS_SCHEDULE_UUID }, (row) => evolveSchedule(row, event));
};

export const timetableSchedules = defineReadModel<TimetableSchedule, ScheduleEvent | SettingsEvent>(
  scheduler.timetableSchedules,
  {
    'schedule-registered': onSchedule,
    'schedule-changed': onSchedule,
    'schedule-removed': onSchedule,
    'setting-changed': onSetting,
  },
);

const onRepository = (event: RecordedEvent<RepositoryEvent>, table: TableChanges<TimetableRepository>) =>
  table.upsert({ uuid: event.data.uuid }, (row) => evolveRepository(row, knownEvent(event)));

export const timetableRepositories = defineReadModel<TimetableRepository, RepositoryEvent>(
  scheduler.timetableRepositories,
  {
    'repository-registered': onRepository,
    'repository-changed': onRepository,
    'repository-removed': onRepository,
  },
);
