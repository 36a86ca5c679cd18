import { defineEvent, type EventOf } from '@cyborgbackup/kernel';
import { z } from 'zod';
import { integerId, removedEntity, requiredText, uuid } from '../wire/scalars.ts';

/** When a policy runs. `crontab` has five or six fields, the sixth is the year; `timezone` is an IANA name. */
export const scheduleFields = z.object({
  name: requiredText(1024),
  crontab: requiredText(1024),
  timezone: requiredText(64),
  enabled: z.boolean(),
  /** Seconds over which the runs of an occurrence are spread; each policy has a fixed delay within them. */
  jitter: z.int().min(0).max(86_400),
  /** Windows in which nothing is started, in the schedule's time zone: `MON-FRI 08:00-18:00` or `22:00-02:00`. */
  blackouts: z.array(requiredText(64)).max(50),
});
/** Defaults of the optional fields. */
export const SCHEDULE_DEFAULTS = { jitter: 0, blackouts: [] as string[] };
export type ScheduleFields = z.infer<typeof scheduleFields>;

export const scheduleRegistered = defineEvent({
  type: 'schedule-registered',
  schema: scheduleFields.extend({ id: integerId, uuid }),
});

export const scheduleChanged = defineEvent({
  type: 'schedule-changed',
  schema: scheduleFields.partial().extend({ uuid }),
});

export const scheduleRemoved = defineEvent({ type: 'schedule-removed', schema: removedEntity });

export const scheduleEvents = [scheduleRegistered, scheduleChanged, scheduleRemoved] as const;
export type ScheduleEvent = EventOf<(typeof scheduleEvents)[number]>;
