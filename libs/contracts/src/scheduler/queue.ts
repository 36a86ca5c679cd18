import { defineEvent, type EventOf } from '@cyborgbackup/kernel';
import { z } from 'zod';
import { uuid } from '../text.ts';

/** Every grant is appended here at an exact version, so two schedulers can never grant against each other. */
export const QUEUE_STREAM = 'run-queue';

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

export const queueEvents = [slotGranted, slotFreed] as const;
export type QueueEvent = EventOf<(typeof queueEvents)[number]>;
