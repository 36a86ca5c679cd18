import type { PolicyEvent, RepositoryEvent, RunEvent, ScheduleSlotEvent, SlotKind } from '@cyborgbackup/contracts';
import type { EntryTerms, TimetableEntry } from '@cyborgbackup/read-models';
import { kindOfRun } from '../run/run-kind.ts';
import { changed, news, type Next, type Occurred } from './row-fold.ts';
import { SETTINGS_SCHEDULE_ID } from './timetable-schedule.ts';

const termsOf = ({ schedule, repository, enabled }: EntryTerms): EntryTerms => ({ schedule, repository, enabled });

/** Up to when this event accounts for slots, ISO 8601: itself, or all before the one that stands for them. */
export const handledUntil = ({ due_at, until }: ScheduleSlotEvent['data']): string =>
  until === null ? due_at : new Date(Date.parse(until) - 1).toISOString();

const handled = (row: TimetableEntry | undefined, until: string): Next<TimetableEntry> => {
  if (!row || (row.last_occurrence !== null && Date.parse(row.last_occurrence) >= Date.parse(until))) return row;
  return {
    ...row,
    last_occurrence: until,
    history: row.history.filter((past) => Date.parse(past.until) > Date.parse(until)),
  };
};

/** Names an entry. */
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

/** The entries that an event is about; none for a run that no schedule started. */
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

/** Which schedule of a policy or a repository is this entry's; undefined when nothing is said of it. */
type Scheduled = Readonly<
  Partial<Record<'schedule' | 'drill_schedule' | 'check_schedule' | 'integrity_schedule', number | null | undefined>>
>;

const scheduleOf: Readonly<Record<SlotKind, (data: Scheduled) => number | null | undefined>> = {
  backup: (data) => data.schedule,
  drill: (data) => data.drill_schedule,
  check: (data) => data.check_schedule,
  // Without one of its own a repository follows the settings.
  integrity: (data) => (data.integrity_schedule === null ? SETTINGS_SCHEDULE_ID : data.integrity_schedule),
};

const newEntry = (key: EntryKey, { type, data, metadata }: Occurred<Registered>): TimetableEntry => {
  const schedule = scheduleOf[key.kind](data) ?? null;
  const common = { ...key, id: data.id, schedule, valid_from: metadata.occurredAt, history: [], last_occurrence: null };
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
  { type, data, metadata }: Occurred<Changed>,
): Next<TimetableEntry> => {
  const schedule = scheduleOf[kind](data);
  if (type === 'repository-changed') return changed(row, { schedule }, metadata.occurredAt, termsOf);
  const { repository, enabled, missed_runs, overlap } = data;
  const next = changed(row, { schedule, repository, enabled }, metadata.occurredAt, termsOf);
  return next && { ...next, ...news(next, { missed_runs, overlap }) };
};

export const evolveEntry = (
  row: TimetableEntry | undefined,
  key: EntryKey,
  event: Occurred<TimetableEntryEvent>,
): Next<TimetableEntry> => {
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
      return slotHandled(row, event);
  }
};

const slotHandled = (row: TimetableEntry | undefined, { type, data }: TimetableEntryEvent): Next<TimetableEntry> => {
  if (type === 'schedule-slot-skipped') return handled(row, handledUntil(data));
  return type === 'run-requested' && data.due_at !== null ? handled(row, data.due_at) : row;
};
