import type { PolicyFields, SlotKind } from '@cyborgbackup/contracts';
import { defineTable, typed, type ColumnsFor, type RowOf } from '@cyborgbackup/projections/define';

/*
 * The scheduler's own copy of what decides when something is due: as old as the jobs beside it, so that a scheduler that
 * starts can go on from one position of the log. Each row keeps the former values that decide over due times not yet
 * handled (`history`, the oldest first), and since when its history is known (`valid_from`).
 */

/** Values up to a change, that moment included. */
export type FormerValues<Values> = Values & { readonly until: string };

const history = <Values>() => ({
  valid_from: 'timestamptz' as const,
  history: typed<readonly FormerValues<Values>[]>('jsonb'),
});

export interface EntryTerms {
  /** Ids; a schedule of null = never. */
  readonly schedule: number | null;
  readonly repository: number;
  readonly enabled: boolean;
}

/** One activity on one schedule: a policy's backups, its drills, a repository's checks of both sorts. */
export const timetableEntries = defineTable('scheduler.timetable_entries', {
  columns: {
    /** Uuid of the policy or the repository. */
    subject: 'uuid',
    kind: typed<SlotKind>('text'),
    /** Of the subject. */
    id: 'int4',
    ...({ schedule: 'int4?', repository: 'int4', enabled: 'bool' } satisfies ColumnsFor<EntryTerms>),
    missed_runs: typed<PolicyFields['missed_runs']>('text'),
    overlap: typed<PolicyFields['overlap']>('text'),
    ...history<EntryTerms>(),
    /** Up to here every occurrence was run or skipped. */
    last_occurrence: 'timestamptz?',
  },
  key: ['subject', 'kind'],
});
export type TimetableEntry = RowOf<typeof timetableEntries>;

export interface ScheduleTimes {
  readonly crontab: string;
  readonly timezone: string;
  readonly enabled: boolean;
  /** Seconds. */
  readonly jitter: number;
}

export const timetableSchedules = defineTable('scheduler.timetable_schedules', {
  columns: {
    uuid: 'uuid',
    id: 'int4',
    name: 'text',
    ...({ crontab: 'text', timezone: 'text', enabled: 'bool', jitter: 'int4' } satisfies ColumnsFor<ScheduleTimes>),
    blackouts: 'text[]',
    ...history<ScheduleTimes>(),
  },
  key: ['uuid'],
});
export type TimetableSchedule = RowOf<typeof timetableSchedules>;

export interface RepositorySwitch {
  readonly enabled: boolean;
}

export const timetableRepositories = defineTable('scheduler.timetable_repositories', {
  columns: { uuid: 'uuid', id: 'int4', enabled: 'bool', ...history<RepositorySwitch>() },
  key: ['uuid'],
});
export type TimetableRepository = RowOf<typeof timetableRepositories>;
