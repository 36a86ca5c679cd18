import type {
  PolicyEvent,
  PolicyFields,
  RepositoryEvent,
  RunEvent,
  ScheduleSlotEvent,
  SlotKind,
} from '@cyborgbackup/contracts';
import { kindOfRun } from '../job/run-kind.ts';
import { changedValues, withChange, type Recorded, type RowUpdate, type WithHistory } from './row-history.ts';
import { SETTINGS_SCHEDULE_ID } from './timetable-schedule.ts';

interface EntryValues {
  /** Ids; a schedule of null = never. */
  readonly schedule: number | null;
  readonly repository: number;
  readonly enabled: boolean;
}

/** What one thing does on one schedule: a policy's backups, its drills, a repository's checks of both sorts. */
export interface TimetableEntry extends EntryValues, WithHistory<EntryValues> {
  /** Uuid of the policy or the repository. */
  readonly subject: string;
  readonly kind: SlotKind;
  /** Of the subject. */
  readonly id: number;
  readonly missed_runs: PolicyFields['missed_runs'];
  readonly overlap: PolicyFields['overlap'];
  /** Up to here every occurrence has a run or was skipped. */
  readonly last_slot: string | null;
}

const valuesOf = ({ schedule, repository, enabled }: EntryValues): EntryValues => ({ schedule, repository, enabled });

/** Up to when an event accounts for occurrences, ISO 8601; null for an event that does not. */
const processedUntil = ({ type, data }: TimetableEntryEvent): string | null => {
  if (type === 'run-requested') return data.due_at;
  if (type !== 'schedule-slot-skipped') return null;
  return data.until === null ? data.due_at : new Date(Date.parse(data.until) - 1).toISOString();
};

const withProcessed = (row: TimetableEntry | undefined, until: string | null): TimetableEntry | undefined => {
  if (!row || until === null || (row.last_slot !== null && Date.parse(row.last_slot) >= Date.parse(until))) return row;
  return { ...row, last_slot: until, past: row.past.filter((past) => Date.parse(past.until) > Date.parse(until)) };
};

export interface EntryKey {
  readonly subject: string;
  readonly kind: SlotKind;
}

export type TimetableEntryEvent = PolicyEvent | RepositoryEvent | RunEvent | ScheduleSlotEvent;

const runKeys = (run: Extract<RunEvent, { type: 'run-requested' }>['data']): readonly EntryKey[] => {
  const kind = kindOfRun(run);
  const subject = run.policy?.uuid ?? run.repository?.uuid;
  return run.due_at === null || kind === 'restore' || subject === undefined ? [] : [{ subject, kind }];
};

/** The entries that an event is about; none for a run that was not started by a schedule. */
export const entryKeys = ({ type, data }: TimetableEntryEvent): readonly EntryKey[] => {
  switch (type) {
    case 'run-requested':
      return runKeys(data);
    case 'run-extended':
      return [];
    case 'schedule-slot-skipped': {
      const subject = data.policy ?? data.repository;
      return subject === null ? [] : [{ subject, kind: data.kind }];
    }
    case 'policy-registered':
    case 'policy-changed':
    case 'policy-removed':
      return (['backup', 'drill'] as const).map((kind) => ({ subject: data.uuid, kind }));
    default:
      return (['check', 'integrity'] as const).map((kind) => ({ subject: data.uuid, kind }));
  }
};

/** The schedules of a policy or a repository, by what they are for; undefined for one that an event does not change. */
type Schedules = Readonly<
  Partial<Record<'schedule' | 'drill_schedule' | 'check_schedule' | 'integrity_schedule', number | null | undefined>>
>;

const scheduleOf: Readonly<Record<SlotKind, (data: Schedules) => number | null | undefined>> = {
  backup: (data) => data.schedule,
  drill: (data) => data.drill_schedule,
  check: (data) => data.check_schedule,
  // Without one of its own a repository follows the settings.
  integrity: (data) => (data.integrity_schedule === null ? SETTINGS_SCHEDULE_ID : data.integrity_schedule),
};

const newEntry = (key: EntryKey, { type, data, metadata }: Recorded<Registered>): TimetableEntry => {
  const schedule = scheduleOf[key.kind](data) ?? null;
  const common = { ...key, id: data.id, schedule, since: metadata.occurredAt, past: [], last_slot: null };
  if (type === 'repository-registered') {
    return { ...common, repository: data.id, enabled: true, missed_runs: 'once', overlap: 'skip' };
  }
  const { repository, enabled, missed_runs, overlap } = data;
  return { ...common, repository, enabled, missed_runs, overlap };
};

type Registered = Extract<TimetableEntryEvent, { type: 'policy-registered' | 'repository-registered' }>;
type Changed = Extract<TimetableEntryEvent, { type: 'policy-changed' | 'repository-changed' }>;

const changedEntry = (
  row: TimetableEntry | undefined,
  { kind }: EntryKey,
  { type, data, metadata }: Recorded<Changed>,
): RowUpdate<TimetableEntry> => {
  const schedule = scheduleOf[kind](data);
  if (type === 'repository-changed') return withChange(row, { schedule }, metadata.occurredAt, valuesOf);
  const { repository, enabled, missed_runs, overlap } = data;
  const next = withChange(row, { schedule, repository, enabled }, metadata.occurredAt, valuesOf);
  return next && { ...next, ...changedValues(next, { missed_runs, overlap }) };
};

export const evolveEntry = (
  row: TimetableEntry | undefined,
  key: EntryKey,
  event: Recorded<TimetableEntryEvent>,
): RowUpdate<TimetableEntry> => {
  switch (event.type) {
    case 'policy-registered':
    case 'repository-registered':
      return newEntry(key, event);
    case 'policy-changed':
    case 'repository-changed':
      return changedEntry(row, key, event);
    case 'policy-removed':
    case 'repository-removed':
      return row && null;
    default:
      return withProcessed(row, processedUntil(event));
  }
};
