import { defineEvent, type EventOf } from '@cyborgbackup/kernel';
import { z } from 'zod';
import { uuid } from '../text.ts';

/** One item of an archive. Paths may hold lone surrogates: that is how borg's JSON carries bytes that are not UTF-8. */
export const catalogEntry = z.object({
  path: z.string(),
  /** As `ls` prints it: `-rw-r--r--`. */
  mode: z.string().max(10),
  /** ISO 8601, UTC. */
  mtime: z.string(),
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
export const BATCH_MAX_ENTRIES = 1_000;
export const BATCH_MAX_BYTES = 500_000;

/** A part of an archive's listing. Stream `catalog-<job>`; the batch's number is its version there. */
export const catalogBatchRecorded = defineEvent({
  type: 'catalog-batch-recorded',
  version: 1,
  schema: z.object({
    /** The backup job that made the archive. */
    job: uuid,
    /** From 1. */
    batch: z.int().min(1),
    /** Catalog id of the first entry; the others follow it. */
    first_id: z.int().min(1),
    entries: z.array(catalogEntry).min(1).max(BATCH_MAX_ENTRIES),
  }),
});

/** The whole archive is listed. */
export const catalogCompleted = defineEvent({
  type: 'catalog-completed',
  version: 1,
  schema: z.object({ job: uuid, entries: z.int().min(0) }),
});

/** The archive is gone from the repository, so its entries go from the catalog. */
export const archiveForgotten = defineEvent({
  type: 'archive-forgotten',
  version: 1,
  schema: z.object({ job: uuid, reason: z.string() }),
});

export const catalogEvents = [catalogBatchRecorded, catalogCompleted, archiveForgotten] as const;
export type CatalogEvent = EventOf<(typeof catalogEvents)[number]>;

export const catalogStream = (job: string): string => `catalog-${job}`;
