import { defineEvent, type EventOf } from '@cyborgbackup/kernel';
import { z } from 'zod';
import { uuid } from '../wire/scalars.ts';

/**
 * Every grant is appended here at an exact version, so that two schedulers cannot grant the same repository or client at once.
 * See docs/decisions/0001-a-run-is-one-event.md.
 */
export const GRANT_STREAM = 'job-grants';

/** All jobs that it needs have succeeded: the job waits for its repository and its client only. Not said of one that is granted at once. */
export const jobReady = defineEvent({
  type: 'job-ready',
  schema: z.object({ job: uuid }),
});

/** The job may run: until it ends, or pauses before its next attempt, no other job is granted its repository or its client. */
export const jobGranted = defineEvent({
  type: 'job-granted',
  schema: z.object({ job: uuid, run: uuid, repository: uuid.nullable(), client: uuid.nullable() }),
});

export const grantEvents = [jobReady, jobGranted] as const;
export type GrantEvent = EventOf<(typeof grantEvents)[number]>;
