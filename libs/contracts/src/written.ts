import { z } from 'zod';
import { integerId, uuid } from './wire/scalars.ts';

/** The answer to a command that changed something. */
export const written = z.object({
  uuid,
  id: integerId,
  /** The stream's version now: the API's ETag. */
  version: z.int().min(0),
  /** Log position to wait for before reading; null when there is nothing to wait for. */
  position: z.string().regex(/^\d+$/).nullable(),
});
export type Written = z.infer<typeof written>;

/** Names the thing a command is about, and the version its sender saw (If-Match). */
export const target = z.object({ uuid, expected_version: z.int().min(1).optional() });
