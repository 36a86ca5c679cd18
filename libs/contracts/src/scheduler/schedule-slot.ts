import { defineEvent, type EventOf } from '@cyborgbackup/kernel';
import { z } from 'zod';
import { timestamp, uuid } from '../text.ts';

/** What a schedule starts: backups and restore drills of a policy, two sorts of check of a repository. */
export const SLOT_KINDS = ['backup', 'drill', 'check', 'integrity'] as const;
export type SlotKind = (typeof SLOT_KINDS)[number];

/**
 * A time at which something was due and was not started: the run before it had not ended, nothing was there to do it at
 * that time, it lay in a blackout window, something was switched off before its start, or the launch was refused. It stands
 * in the stream of the run that it is instead of, as the first event, so that a slot is either started or skipped, whoever
 * decides.
 */
export const scheduleSlotSkipped = defineEvent({
  type: 'schedule-slot-skipped',
  version: 1,
  schema: z.object({
    /** Null for checks of a repository. */
    policy: uuid.nullable(),
    /** Null for what a policy does. */
    repository: uuid.nullable(),
    kind: z.enum(SLOT_KINDS),
    due_at: timestamp,
    /** Every slot from `due_at` to before this one is meant; null = `due_at` alone. */
    until: timestamp.nullable(),
    /** One sentence for people. */
    reason: z.string(),
  }),
});

export const scheduleSlotEvents = [scheduleSlotSkipped] as const;
export type ScheduleSlotEvent = EventOf<(typeof scheduleSlotEvents)[number]>;
