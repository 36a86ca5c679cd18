import { z } from 'zod';
import { defineRpc } from '../rpc.ts';
import { uuid } from '../text.ts';
import { BATCH_MAX_ENTRIES, catalogEntry } from './entries.ts';

export const catalogCommands = {
  /** Adds the next part of an archive's listing. Sending a batch again changes nothing. */
  addBatch: defineRpc(
    'catalog.archive.add-batch',
    z.object({ job: uuid, batch: z.int().min(1), entries: z.array(catalogEntry).min(1).max(BATCH_MAX_ENTRIES) }),
    z.object({ position: z.string() }),
  ),
  complete: defineRpc(
    'catalog.archive.complete',
    z.object({ job: uuid, batches: z.int().min(0), entries: z.int().min(0) }),
    z.object({ position: z.string() }),
  ),
  /** The archive is gone from its repository: so are its entries. One that is not known changes nothing. */
  forget: defineRpc(
    'catalog.archive.forget',
    z.object({ repository: uuid, archive: z.string(), reason: z.string() }),
    z.object({ position: z.string().nullable() }),
  ),
};
