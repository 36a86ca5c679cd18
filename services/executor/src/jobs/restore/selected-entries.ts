import type { ArchiveEntry } from '@cyborgbackup/borg';
import { listEntries } from '../../borg/queries.ts';
import type { BorgEndpoint } from '../../endpoints/borg-endpoint.ts';
import type { JobContext } from '../../job/job-context.ts';
import { archiveOf } from '../../job/job-plan.ts';
import type { Selection } from './selection.ts';

/** The selected items of an archive, which can be visited more than once. */
export interface SelectedEntries {
  /**
   * Visits some hundreds at a time; borg waits meanwhile.
   * @param options.withDigests adds `sha256`, for which borg reads all contents
   * @throws JobFailure
   */
  each(
    visit: (entries: readonly ArchiveEntry[]) => Promise<void>,
    options?: { readonly withDigests?: boolean },
  ): Promise<void>;
}

/** Limits of one script's arguments. */
const BATCH_ENTRIES = 1_000;
const BATCH_BYTES = 128 * 1024;
/** A small selection is listed once; a larger one again each time, since it may have millions of items. */
const KEPT_ENTRIES = 20_000;

const createBatches = (
  visit: (entries: readonly ArchiveEntry[]) => Promise<void>,
): { readonly add: (entry: ArchiveEntry) => Promise<void>; readonly flush: () => Promise<void> } => {
  let batch: ArchiveEntry[] = [];
  let bytes = 0;
  const flush = async (): Promise<void> => {
    if (batch.length === 0) return;
    const full = batch;
    batch = [];
    bytes = 0;
    await visit(full);
  };
  return {
    flush,
    add: async (entry) => {
      const size = 4 * entry.path.length;
      if (batch.length >= BATCH_ENTRIES || bytes + size > BATCH_BYTES) await flush();
      batch.push(entry);
      bytes += size;
    },
  };
};

/** @param endpoint where borg lists the archive */
export const createSelectedEntries = (
  context: JobContext,
  endpoint: BorgEndpoint,
  selection: Selection,
): SelectedEntries => {
  let kept: ArchiveEntry[] | undefined;

  return {
    each: async (visit, { withDigests = false } = {}) => {
      const batches = createBatches(visit);
      if (kept && !withDigests) for (const entry of kept) await batches.add(entry);
      else {
        const seen: ArchiveEntry[] = [];
        let count = 0;
        const entries = { ...selection, archive: archiveOf(context.plan), withDigests };
        await listEntries(context, endpoint, entries, async (entry) => {
          count += 1;
          if (count <= KEPT_ENTRIES) seen.push(entry);
          await batches.add(entry);
        });
        if (count <= KEPT_ENTRIES) kept = seen;
      }
      await batches.flush();
    },
  };
};
