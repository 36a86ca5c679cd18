import { defineEvent, type EventOf } from '@cyborgbackup/kernel';
import { z } from 'zod';

/** The owner's stream; the value claimed is not in the event, only its keyed hash is in the stream's name. */
const owner = z.string();

export const claimTaken = defineEvent({
  type: 'claim-taken',
  schema: z.object({ owner, taken_at: z.iso.datetime({ precision: 6 }) }),
});

export const claimReleased = defineEvent({ type: 'claim-released', schema: z.object({ owner }) });

/** Known to every codec. */
export const claimEvents = [claimTaken, claimReleased] as const;
export type ClaimEvent = EventOf<(typeof claimEvents)[number]>;
