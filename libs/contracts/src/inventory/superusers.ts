import { defineEvent, type EventOf } from '@cyborgbackup/kernel';
import { z } from 'zod';
import { uuid } from '../wire/scalars.ts';

/** All withdrawals are one stream, so that two of them cannot be decided against each other. */
export const SUPERUSERS_STREAM = 'superusers';

/**
 * A superuser may be demoted or removed, as somebody else stays one. Recorded before the user's own event, which is then
 * appended at exactly this version of the user's stream: from here on the user counts as a superuser no longer, unless
 * that stream moves on another way.
 */
export const superuserWithdrawn = defineEvent({
  type: 'superuser-withdrawn',
  version: 1,
  schema: z.object({ user: uuid, version: z.int().min(1) }),
});

export const superuserEvents = [superuserWithdrawn] as const;
export type SuperuserEvent = EventOf<(typeof superuserEvents)[number]>;
