import type { RepositoryEvent, ScheduleEvent } from '@cyborgbackup/contracts';
import type { RecordedEvent } from '@cyborgbackup/kernel';
import { defineReadModel, type Change, type Changes, type TableChanges } from '@cyborgbackup/projections';
import {
  evolvePolicy,
  evolveRepository,
  evolveSchedule,
  policyOf,
  type TimetablePolicy,
  type TimetablePolicyEvent,
  type TimetableRepository,
  type TimetableSchedule,
} from '../tick/timetable-rows.ts';
import { knownEvent } from './known-event.ts';

/*
 * The timetable as tables, apart from the inventory's own: every row is exactly as old as the jobs beside it, so that a
 * scheduler that starts can go on from one position of the log.
 */
const onPolicy = (
  recorded: RecordedEvent<TimetablePolicyEvent>,
  table: TableChanges<TimetablePolicy>,
): Changes<TimetablePolicy> => {
  const event = knownEvent(recorded);
  const uuid = policyOf(event);
  return uuid === undefined ? [] : table.upsert({ uuid }, (row) => evolvePolicy(row, event));
};

export const timetablePolicies = defineReadModel<TimetablePolicy, TimetablePolicyEvent>({
  table: 'timetable_policies',
  columns: {
    uuid: 'uuid',
    id: 'int4',
    schedule: 'int4',
    repository: 'int4',
    enabled: 'bool',
    since: 'timestamptz',
    last_slot: 'timestamptz?',
  },
  key: ['uuid'],
  on: {
    'policy-registered': onPolicy,
    'policy-changed': onPolicy,
    'policy-removed': onPolicy,
    'run-requested': onPolicy,
    'schedule-slot-skipped': onPolicy,
  },
});

const onSchedule = (
  event: RecordedEvent<ScheduleEvent>,
  table: TableChanges<TimetableSchedule>,
): Change<TimetableSchedule> =>
  table.upsert({ uuid: event.data.uuid }, (row) => evolveSchedule(row, knownEvent(event)));

export const timetableSchedules = defineReadModel<TimetableSchedule, ScheduleEvent>({
  table: 'timetable_schedules',
  columns: { uuid: 'uuid', id: 'int4', crontab: 'text', timezone: 'text', enabled: 'bool', since: 'timestamptz' },
  key: ['uuid'],
  on: { 'schedule-registered': onSchedule, 'schedule-changed': onSchedule, 'schedule-removed': onSchedule },
});

const onRepository = (
  event: RecordedEvent<RepositoryEvent>,
  table: TableChanges<TimetableRepository>,
): Change<TimetableRepository> =>
  table.upsert({ uuid: event.data.uuid }, (row) => evolveRepository(row, knownEvent(event)));

export const timetableRepositories = defineReadModel<TimetableRepository, RepositoryEvent>({
  table: 'timetable_repositories',
  columns: { uuid: 'uuid', id: 'int4', enabled: 'bool', since: 'timestamptz' },
  key: ['uuid'],
  on: {
    'repository-registered': onRepository,
    'repository-changed': onRepository,
    'repository-removed': onRepository,
  },
});
