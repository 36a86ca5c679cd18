import type { OccurrenceEvent, OccurrenceKind, PolicyEvent, RepositoryEvent, RunEvent } from '@cyborgbackup/contracts';
import type { EntryTerms, TimetableEntry } from '@cyborgbackup/read-models';
import { accountsUntil } from '../../job/accounts-until.ts';
import { kindOfRun } from '../../job/run-kind.ts';
import { changedValues, withChange, type Recorded, type RowUpdate } from './row-history.ts';
import { SETTINGS_SCHEDULE_ID } from './timetable-schedule.ts';

const valuesOf = ({ schedule, repository, enabled }: EntryTerms): EntryTerms => ({ schedule, repository, enabled });

/**
 * The row once occurrences up to this time are processed. They are processed in their order, so an earlier time than the row has
 * means that the later one was recorded by a clock that was ahead: it does not use up what lies before it.
 */
export const withProcessed = (row: TimetableEntry | undefined, until: string | null): TimetableEntry | undefined => {
  if (!row || until === null || (row.last_occurrence !== null && Date.parse(row.last_occurrence) === Date.parse(until)))
    return row;
  return {
    ...row,
    last_occurrence: until,
    history: row.history.filter(({ until: end }) => Date.parse(end) > Date.parse(until)),
  };
};

export interface EntryKey {
  readonly subject: string;
  readonly kind: OccurrenceKind;
}

export type TimetableEntryEvent = PolicyEvent | RepositoryEvent | RunEvent | OccurrenceEvent;

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
    case 'occurrence-skipped': {
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

const scheduleOf: Readonly<Record<OccurrenceKind, (data: Schedules) => number | null | undefined>> = {
  backup: (data) => data.schedule,
  drill: (data) => data.drill_schedule,
  check: (data) => data.check_schedule,
  // Without one of its own a repository follows the settings.
  integrity: (data) => (data.integrity_schedule === null ? SETTINGS_SCHEDULE_ID : data.integrity_schedule),
};

const newEntry = (key: EntryKey, { type, data, metadata }: Recorded<Registered>): TimetableEntry => {
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
    case 'run-requested':
    case 'occurrence-skipped':
      return withProcessed(row, accountsUntil(event));
    default:
      return row;
  }
};
