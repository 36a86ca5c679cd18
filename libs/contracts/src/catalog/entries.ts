import { z } from 'zod';

/** One item of an archive. Paths may hold lone surrogates: that is how bytes that are not UTF-8 are carried in JSON. */
export const catalogEntry = z.object({
  path: z.string(),
  /** As `ls` prints it: `-rw-r--r--`. */
  mode: z.string().max(10),
  /** Microseconds since 1970, UTC. */
  mtime: z.int(),
  owner: z.string(),
  group: z.string(),
  uid: z.int(),
  gid: z.int(),
  /** One letter, as borg and `ls` have it: `-`, `d`, `l`, … */
  type: z.string().max(1),
  /** Bytes. */
  size: z.int().min(0),
  /** Where a link points, or empty. */
  target: z.string(),
  healthy: z.boolean(),
});
export type CatalogEntry = z.infer<typeof catalogEntry>;

/** At most this many entries, and this many bytes of them as JSON, in one batch: a NATS message holds 1 MiB. */
export const BATCH_MAX_ENTRIES = 4_000;
export const BATCH_MAX_BYTES = 500_000;
