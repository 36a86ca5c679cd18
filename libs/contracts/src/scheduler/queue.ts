import { defineEvent, type EventOf } from '@cyborgbackup/kernel';
import { z } from 'zod';
import { uuid } from '../text.ts';

/** Every grant is appended here at an exact version, so two schedulers can never grant against each other. */
export const QUEUE_STREAM = 'run-queue';

/** All jobs that it needs have succeeded: from here the job waits for its repository and its client only. */
export const slotAwaited = defineEvent({
  type: 'slot-awaited',
  version: 1,
  schema: z.object({ job: uuid }),
});

/** A job may run now: from here until `slot-freed` no other job gets its repository or its client. */
export const slotGranted = defineEvent({
  type: 'slot-granted',
  version: 1,
  schema: z.object({ job: uuid, run: uuid, repository: uuid.nullable(), client: uuid.nullable() }),
});

export const slotFreed = defineEvent({
  type: 'slot-freed',
  version: 1,
  schema: z.object({ job: uuid }),
});

export const queueEvents = [slotAwaited, slotGranted, slotFreed] as const;
export type QueueEvent = EventOf<(typeof queueEvents)[number]>;
