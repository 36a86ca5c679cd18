import { defineEvent, type EventOf } from '@cyborgbackup/kernel';
import { z } from 'zod';
import { integerId, requiredText, uuid } from '../text.ts';

/** When a policy runs. `crontab` has five or six fields, the sixth is the year; `timezone` is an IANA name. */
export const scheduleFields = z.object({
  name: requiredText(1024),
  crontab: requiredText(1024),
  timezone: requiredText(64),
  enabled: z.boolean(),
});
export type ScheduleFields = z.infer<typeof scheduleFields>;

export const scheduleRegistered = defineEvent({
  type: 'schedule-registered',
  version: 1,
  schema: scheduleFields.extend({ id: integerId, uuid }),
});

export const scheduleChanged = defineEvent({
  type: 'schedule-changed',
  version: 1,
  schema: scheduleFields.partial().extend({ uuid }),
});

export const scheduleRemoved = defineEvent({
  type: 'schedule-removed',
  version: 1,
  schema: z.object({ uuid, id: integerId }),
});

export const scheduleEvents = [scheduleRegistered, scheduleChanged, scheduleRemoved] as const;
export type ScheduleEvent = EventOf<(typeof scheduleEvents)[number]>;
