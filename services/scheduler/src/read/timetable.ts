import type { PolicyEvent, RepositoryEvent, RunEvent, ScheduleEvent, ScheduleSlotEvent } from '@cyborgbackup/contracts';
import { defineReadModel } from '@cyborgbackup/projections';

/*
 * All that decides when a policy is due, kept apart from the inventory's own tables: here every row is exactly as old as
 * the jobs beside it, so a scheduler that starts can go on from one position of the log.
 *
 * `since` is when a thing last changed in a way that changes the times: slots before it are no missed ones.
 */

export interface TimetablePolicyRow {
  readonly uuid: string;
  readonly id: number;
  /** Ids, as in the policy. */
  readonly schedule: number;
  readonly repository: number;
  readonly enabled: boolean;
  readonly since: string;
  /** The latest slot that was run or skipped. */
  readonly last_slot: string | null;
}

const later = (a: string | null, b: string): string => (a !== null && Date.parse(a) > Date.parse(b) ? a : b);

export const timetablePolicies = defineReadModel<TimetablePolicyRow, PolicyEvent | RunEvent | ScheduleSlotEvent>({
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
    'policy-registered': ({ data: { uuid, id, schedule, repository, enabled }, metadata }, table) =>
      table.put({ uuid, id, schedule, repository, enabled, since: metadata.occurredAt, last_slot: null }),
    'policy-changed': ({ data: { uuid, schedule, repository, enabled }, metadata }, table) =>
      table.update({ uuid }, (row) => {
        const changed = {
          schedule: schedule ?? row.schedule,
          repository: repository ?? row.repository,
          enabled: enabled ?? row.enabled,
        };
        return isSame(row, changed) ? row : { ...row, ...changed, since: metadata.occurredAt };
      }),
    'policy-removed': ({ data }, table) => table.remove({ uuid: data.uuid }),
    'run-requested': ({ data: { policy, due_at } }, table) =>
      policy && due_at !== null
        ? table.update({ uuid: policy.uuid }, (row) => ({ ...row, last_slot: later(row.last_slot, due_at) }))
        : [],
    'schedule-slot-skipped': ({ data: { policy, due_at } }, table) =>
      table.update({ uuid: policy }, (row) => ({ ...row, last_slot: later(row.last_slot, due_at) })),
  },
});

export interface TimetableScheduleRow {
  readonly uuid: string;
  readonly id: number;
  readonly crontab: string;
  readonly timezone: string;
  readonly enabled: boolean;
  readonly since: string;
}

export const timetableSchedules = defineReadModel<TimetableScheduleRow, ScheduleEvent>({
  table: 'timetable_schedules',
  columns: { uuid: 'uuid', id: 'int4', crontab: 'text', timezone: 'text', enabled: 'bool', since: 'timestamptz' },
  key: ['uuid'],
  on: {
    'schedule-registered': ({ data: { uuid, id, crontab, timezone, enabled }, metadata }, table) =>
      table.put({ uuid, id, crontab, timezone, enabled, since: metadata.occurredAt }),
    'schedule-changed': ({ data: { uuid, crontab, timezone, enabled }, metadata }, table) =>
      table.update({ uuid }, (row) => {
        const changed = {
          crontab: crontab ?? row.crontab,
          timezone: timezone ?? row.timezone,
          enabled: enabled ?? row.enabled,
        };
        return isSame(row, changed) ? row : { ...row, ...changed, since: metadata.occurredAt };
      }),
    'schedule-removed': ({ data }, table) => table.remove({ uuid: data.uuid }),
  },
});

export interface TimetableRepositoryRow {
  readonly uuid: string;
  readonly id: number;
  readonly enabled: boolean;
  readonly since: string;
}

export const timetableRepositories = defineReadModel<TimetableRepositoryRow, RepositoryEvent>({
  table: 'timetable_repositories',
  columns: { uuid: 'uuid', id: 'int4', enabled: 'bool', since: 'timestamptz' },
  key: ['uuid'],
  on: {
    'repository-registered': ({ data: { uuid, id, enabled }, metadata }, table) =>
      table.put({ uuid, id, enabled, since: metadata.occurredAt }),
    'repository-changed': ({ data: { uuid, enabled }, metadata }, table) =>
      table.update({ uuid }, (row) =>
        enabled === undefined || enabled === row.enabled ? row : { ...row, enabled, since: metadata.occurredAt },
      ),
    'repository-removed': ({ data }, table) => table.remove({ uuid: data.uuid }),
  },
});

const isSame = <Row extends object>(row: Row, changed: Partial<Row>): boolean =>
  Object.entries(changed).every(([name, value]) => Object.is(Reflect.get(row, name), value));
