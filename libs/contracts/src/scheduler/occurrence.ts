import { defineEvent, type EventOf } from '@cyborgbackup/kernel';
import { z } from 'zod';
import { timestamp, uuid } from '../wire/scalars.ts';

/** What a schedule starts: backups and restore drills of a policy, checks with and without all data of a repository. */
const occurrenceKind = z.enum(['backup', 'drill', 'check', 'integrity']);
export type OccurrenceKind = z.infer<typeof occurrenceKind>;

/**
 * Occurrences (due times) that were not started, and why. It is the first event of the stream in which `run-requested` would
 * be, so that of two schedulers only one decides: an occurrence is either started or skipped.
 * See docs/decisions/0012-an-occurrence-is-a-run-or-an-event.md.
 */
const occurrenceSkipped = defineEvent({
  type: 'occurrence-skipped',
  schema: z.object({
    /** Null for checks of a repository. */
    policy: uuid.nullable(),
    /** Null for what a policy does. */
    repository: uuid.nullable(),
    kind: occurrenceKind,
    due_at: timestamp,
    /** Exclusive: all occurrences from `due_at` to this time are skipped; null = `due_at` alone. */
    until: timestamp.nullable(),
    /** One sentence for people. */
    reason: z.string(),
  }),
});

export const occurrenceEvents = [occurrenceSkipped] as const;
export type OccurrenceEvent = EventOf<(typeof occurrenceEvents)[number]>;
