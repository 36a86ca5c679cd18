import { defineEvent, type EventOf } from '@cyborgbackup/kernel';
import { z } from 'zod';
import { timestamp, uuid } from '../wire/scalars.ts';

/** What a schedule starts: backups and restore drills of a policy, two sorts of check of a repository. */
export const OCCURRENCE_KINDS = ['backup', 'drill', 'check', 'integrity'] as const;
export type OccurrenceKind = (typeof OCCURRENCE_KINDS)[number];

/**
 * A time at which something was due and was not started: the run before it had not ended, nothing was there to do it at
 * that time, it lay in a blackout window, something was switched off before its start, or the launch was refused. It stands
 * in the stream of the run that it is instead of, as the first event, so that a slot is either started or skipped, whoever
 * decides.
 */
export const occurrenceSkipped = defineEvent({
  type: 'occurrence-skipped',
  version: 1,
  schema: z.object({
    /** Null for checks of a repository. */
    policy: uuid.nullable(),
    /** Null for what a policy does. */
    repository: uuid.nullable(),
    kind: z.enum(OCCURRENCE_KINDS),
    due_at: timestamp,
    /** Every slot from `due_at` to before this one is meant; null = `due_at` alone. */
    until: timestamp.nullable(),
    /** One sentence for people. */
    reason: z.string(),
  }),
});

export const occurrenceEvents = [occurrenceSkipped] as const;
export type OccurrenceEvent = EventOf<(typeof occurrenceEvents)[number]>;
