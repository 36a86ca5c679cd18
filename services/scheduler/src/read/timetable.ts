import type { RepositoryEvent, ScheduleEvent, SettingsEvent } from '@cyborgbackup/contracts';
import type { RecordedEvent } from '@cyborgbackup/kernel';
import { defineReadModel, type Change, type Changes, type TableChanges } from '@cyborgbackup/projections';
import { entryKeys, evolveEntry, type TimetableEntry, type TimetableEntryEvent } from '../timetable/timetable-entry.ts';
import { evolveRepository, type TimetableRepository } from '../timetable/timetable-repository.ts';
import {
  evolveSchedule,
  isScheduleSetting,
  SETTINGS_SCHEDULE_UUID,
  type TimetableSchedule,
} from '../timetable/timetable-schedule.ts';
import { knownEvent } from './known-event.ts';

/*
 * The timetable as tables, apart from the inventory's own: every row is exactly as old as the jobs beside it, so that a
 * scheduler that starts can go on from one position of the log.
 */
const onEntries = (
  recorded: RecordedEvent<TimetableEntryEvent>,
  table: TableChanges<TimetableEntry>,
): Changes<TimetableEntry> => {
  const event = knownEvent(recorded);
  return entryKeys(event).map((key) => table.upsert({ ...key }, (row) => evolveEntry(row, key, event)));
};

export const timetableEntries = defineReadModel<TimetableEntry, TimetableEntryEvent>({
  table: 'timetable_entries',
  columns: {
    subject: 'uuid',
    kind: 'text',
    id: 'int4',
    schedule: 'int4?',
    repository: 'int4',
    enabled: 'bool',
    missed_runs: 'text',
    overlap: 'text',
    since: 'timestamptz',
    past: 'jsonb',
    last_slot: 'timestamptz?',
  },
  key: ['subject', 'kind'],
  on: {
    'policy-registered': onEntries,
    'policy-changed': onEntries,
    'policy-removed': onEntries,
    'repository-registered': onEntries,
    'repository-changed': onEntries,
    'repository-removed': onEntries,
    'run-requested': onEntries,
    'schedule-slot-skipped': onEntries,
  },
});

const onSchedule = (
  event: RecordedEvent<ScheduleEvent>,
  table: TableChanges<TimetableSchedule>,
): Change<TimetableSchedule> =>
  table.upsert({ uuid: event.data.uuid }, (row) => evolveSchedule(row, knownEvent(event)));

const onSetting = (
  recorded: RecordedEvent<SettingsEvent>,
  table: TableChanges<TimetableSchedule>,
): Changes<TimetableSchedule> => {
  const event = knownEvent(recorded);
  if (!isScheduleSetting(event)) return [];
  return table.upsert({ uuid: SETTINGS_SCHEDULE_UUID }, (row) => evolveSchedule(row, event));
};

export const timetableSchedules = defineReadModel<TimetableSchedule, ScheduleEvent | SettingsEvent>({
  table: 'timetable_schedules',
  columns: {
    uuid: 'uuid',
    id: 'int4',
    name: 'text',
    crontab: 'text',
    timezone: 'text',
    enabled: 'bool',
    jitter: 'int4',
    blackouts: 'text[]',
    since: 'timestamptz',
    past: 'jsonb',
  },
  key: ['uuid'],
  on: {
    'schedule-registered': onSchedule,
    'schedule-changed': onSchedule,
    'schedule-removed': onSchedule,
    'setting-changed': onSetting,
  },
});

const onRepository = (
  event: RecordedEvent<RepositoryEvent>,
  table: TableChanges<TimetableRepository>,
): Change<TimetableRepository> =>
  table.upsert({ uuid: event.data.uuid }, (row) => evolveRepository(row, knownEvent(event)));

export const timetableRepositories = defineReadModel<TimetableRepository, RepositoryEvent>({
  table: 'timetable_repositories',
  columns: { uuid: 'uuid', id: 'int4', enabled: 'bool', since: 'timestamptz', past: 'jsonb' },
  key: ['uuid'],
  on: {
    'repository-registered': onRepository,
    'repository-changed': onRepository,
    'repository-removed': onRepository,
  },
});
