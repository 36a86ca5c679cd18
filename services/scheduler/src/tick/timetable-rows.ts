import type { PolicyEvent, RepositoryEvent, RunEvent, ScheduleEvent, ScheduleSlotEvent } from '@cyborgbackup/contracts';
import type { EventMetadata } from '@cyborgbackup/kernel';

/*
 * All that decides when a policy is due, folded from the inventory's events: as table rows, and in the leader's memory.
 * `since` is when a thing last changed in a way that changes the times: slots before it are no missed ones.
 */
export interface TimetablePolicy {
  readonly uuid: string;
  readonly id: number;
  /** Ids, as in the policy. */
  readonly schedule: number;
  readonly repository: number;
  readonly enabled: boolean;
  readonly since: string;
  /** Up to here every slot was run or skipped. */
  readonly last_slot: string | null;
}

export interface TimetableSchedule {
  readonly uuid: string;
  readonly id: number;
  readonly crontab: string;
  readonly timezone: string;
  readonly enabled: boolean;
  readonly since: string;
}

export interface TimetableRepository {
  readonly uuid: string;
  readonly id: number;
  readonly enabled: boolean;
  readonly since: string;
}

/** An event with what a fold reads of its metadata. */
export type Occurred<E> = E & { readonly metadata: Pick<EventMetadata, 'occurredAt'> };

/** The next state of a row: null when it goes, undefined when there is none. */
type Next<Row> = Row | null | undefined;

/** The row with these values, and `since` moved on if that makes any difference. */
const changed = <Row extends { readonly since: string }>(
  row: Row | undefined,
  values: { readonly [Name in keyof Row]?: Row[Name] | undefined },
  occurredAt: string,
): Next<Row> => {
  if (!row) return undefined;
  const news = Object.entries(values).filter(([name, value]) => value !== undefined && value !== valueOf(row, name));
  return news.length === 0 ? row : { ...row, ...Object.fromEntries(news), since: occurredAt };
};

const valueOf = (row: object, name: string): unknown => Reflect.get(row, name);

const handled = (row: TimetablePolicy | undefined, until: string): Next<TimetablePolicy> =>
  row && (row.last_slot === null || Date.parse(row.last_slot) < Date.parse(until)) ? { ...row, last_slot: until } : row;

/** Up to when this event accounts for a policy's slots, ISO 8601: itself, or all before the one that stands for them. */
export const handledUntil = ({ due_at, until }: ScheduleSlotEvent['data']): string =>
  until === null ? due_at : new Date(Date.parse(until) - 1).toISOString();

export type TimetablePolicyEvent = PolicyEvent | RunEvent | ScheduleSlotEvent;

/** The policy that an event is about; undefined for a run that no schedule started. */
export const policyOf = ({ type, data }: TimetablePolicyEvent): string | undefined => {
  if (type === 'run-extended') return undefined;
  if (type === 'run-requested') return data.due_at === null ? undefined : data.policy?.uuid;
  return type === 'schedule-slot-skipped' ? data.policy : data.uuid;
};

export const evolvePolicy = (
  row: TimetablePolicy | undefined,
  { type, data, metadata }: Occurred<TimetablePolicyEvent>,
): Next<TimetablePolicy> => {
  switch (type) {
    case 'policy-registered': {
      const { uuid, id, schedule, repository, enabled } = data;
      return { uuid, id, schedule, repository, enabled, since: metadata.occurredAt, last_slot: null };
    }
    case 'policy-changed': {
      const { schedule, repository, enabled } = data;
      return changed(row, { schedule, repository, enabled }, metadata.occurredAt);
    }
    case 'policy-removed':
      return row && null;
    case 'run-requested':
      return data.due_at === null ? row : handled(row, data.due_at);
    case 'run-extended':
      return row;
    case 'schedule-slot-skipped':
      return handled(row, handledUntil(data));
  }
};

export const evolveSchedule = (
  row: TimetableSchedule | undefined,
  { type, data, metadata }: Occurred<ScheduleEvent>,
): Next<TimetableSchedule> => {
  switch (type) {
    case 'schedule-registered': {
      const { uuid, id, crontab, timezone, enabled } = data;
      return { uuid, id, crontab, timezone, enabled, since: metadata.occurredAt };
    }
    case 'schedule-changed': {
      const { crontab, timezone, enabled } = data;
      return changed(row, { crontab, timezone, enabled }, metadata.occurredAt);
    }
    case 'schedule-removed':
      return row && null;
  }
};

export const evolveRepository = (
  row: TimetableRepository | undefined,
  { type, data, metadata }: Occurred<RepositoryEvent>,
): Next<TimetableRepository> => {
  switch (type) {
    case 'repository-registered': {
      const { uuid, id, enabled } = data;
      return { uuid, id, enabled, since: metadata.occurredAt };
    }
    case 'repository-changed':
      return changed(row, { enabled: data.enabled }, metadata.occurredAt);
    case 'repository-removed':
      return row && null;
    default:
      return row;
  }
};
