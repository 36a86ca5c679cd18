import { defineEvent, type EventOf } from '@cyborgbackup/kernel';
import { z } from 'zod';
import { timestamp, uuid } from '../text.ts';

/**
 * A time at which a policy was due and did not run: the run before it had not ended, nothing was there to do it at that
 * time, or the launch was refused. Stream `schedule-slots-<policy>`.
 */
export const scheduleSlotSkipped = defineEvent({
  type: 'schedule-slot-skipped',
  version: 1,
  schema: z.object({
    policy: uuid,
    due_at: timestamp,
    /** Every slot from `due_at` to before this one is meant; null = `due_at` alone. */
    until: timestamp.nullable(),
    /** One sentence for people. */
    reason: z.string(),
  }),
});

export const scheduleSlotEvents = [scheduleSlotSkipped] as const;
export type ScheduleSlotEvent = EventOf<(typeof scheduleSlotEvents)[number]>;

export const scheduleSlotsStream = (policy: string): string => `schedule-slots-${policy}`;
