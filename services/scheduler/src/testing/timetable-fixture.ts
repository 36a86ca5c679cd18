import type { TimetableEntry, TimetableRepository, TimetableSchedule } from '@cyborgbackup/read-models';
import type { DueEntry, TimetableRows } from '../timetable/timetable.ts';

const SINCE = '2026-03-01T00:00:00.000Z';

/** The backups of policy `p` every hour from 2026-03-01, a Sunday; its schedule is `s`, its repository `r`. */
export const someEntry = (changes: Partial<TimetableEntry> = {}): TimetableEntry => ({
  subject: 'p',
  kind: 'backup',
  id: 1,
  schedule: 2,
  repository: 3,
  enabled: true,
  missed_runs: 'once',
  overlap: 'skip',
  valid_from: SINCE,
  history: [],
  last_occurrence: null,
  ...changes,
});

export const someSchedule = (changes: Partial<TimetableSchedule> = {}): TimetableSchedule => ({
  uuid: 's',
  id: 2,
  name: 'hourly',
  crontab: '0 * * * *',
  timezone: 'UTC',
  enabled: true,
  jitter: 0,
  blackouts: [],
  valid_from: SINCE,
  history: [],
  ...changes,
});

export const someRepository = (changes: Partial<TimetableRepository> = {}): TimetableRepository => ({
  uuid: 'r',
  id: 3,
  enabled: true,
  valid_from: SINCE,
  history: [],
  ...changes,
});

export interface Setting {
  readonly entry?: Partial<TimetableEntry>;
  readonly schedule?: Partial<TimetableSchedule>;
  readonly repository?: Partial<TimetableRepository>;
}

export const someRows = ({ entry, schedule, repository }: Setting = {}): TimetableRows => ({
  entries: [someEntry(entry)],
  schedules: [someSchedule(schedule)],
  repositories: [someRepository(repository)],
});

/** Nothing was changed since; the jitter is in milliseconds. */
export const someDue = (first: number, { entry, schedule: changes }: Setting = {}, jitter = 0): DueEntry => {
  const schedule = someSchedule(changes);
  const now = { after: first - 1, until: Infinity, schedule, jitter, off: undefined };
  return { entry: someEntry(entry), schedule, history: { past: [], now }, first };
};
