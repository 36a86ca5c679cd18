import { defineEvent } from '@cyborgbackup/kernel';
import { z } from 'zod';
import { uuid } from '../text.ts';
import { catalogEntry } from './entries.ts';

/*
 * How listings were recorded at first: every archive whole, in stream `catalog-<backup job>`. Written no more, but read for
 * as long as there are logs that hold them.
 */

/** As `catalogEntry`, with its time in ISO 8601. */
const recordedEntry = catalogEntry.extend({ mtime: z.string() });
export type RecordedEntry = z.infer<typeof recordedEntry>;

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
    entries: z.array(recordedEntry).min(1).max(1_000),
  }),
});

export const catalogCompleted = defineEvent({
  type: 'catalog-completed',
  version: 1,
  schema: z.object({ job: uuid, entries: z.int().min(0) }),
});
