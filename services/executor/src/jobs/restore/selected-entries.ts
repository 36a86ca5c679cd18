import { createListParser, listEntriesCommand, type ArchiveEntry } from '@cyborgbackup/borg';
import type { BorgEndpoint } from '../../endpoints/borg-endpoint.ts';
import { archiveOf } from '../../job/job-plan.ts';
import type { JobContext } from '../../job/job-context.ts';
import { LOCK_WAIT_SECONDS, runBorgStep } from '../../borg/run-step.ts';
import type { Selection } from './selection.ts';

export interface EachOptions {
  /** With `sha256`: borg reads all contents for it. */
  readonly withDigests?: boolean;
}

/** The chosen items of an archive, to be gone through more than once. */
export interface SelectedEntries {
  /** Hands over some hundreds at a time; borg waits meanwhile. @throws JobFailure */
  each(visit: (entries: readonly ArchiveEntry[]) => Promise<void>, options?: EachOptions): Promise<void>;
}

/** What one look at the destination may hold. */
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

/** @param place where borg lists the archive */
export const createSelectedEntries = (
  context: JobContext,
  place: BorgEndpoint,
  { paths, patterns }: Selection,
): SelectedEntries => {
  let kept: ArchiveEntry[] | undefined;

  const list = async (withDigests: boolean, take: (entry: ArchiveEntry) => Promise<void>): Promise<void> => {
    const parser = createListParser({ withDigests });
    const archive = archiveOf(context.plan);
    await runBorgStep(context, place, {
      argv: listEntriesCommand({
        repository: place.repository,
        archive,
        paths,
        patterns,
        withDigests,
        lockWaitSeconds: LOCK_WAIT_SECONDS,
      }),
      onStdout: async (chunk) => {
        for (const entry of parser.push(chunk)) await take(entry);
      },
    });
    parser.end();
  };

  return {
    each: async (visit, { withDigests = false } = {}) => {
      const batches = createBatches(visit);
      if (kept && !withDigests) for (const entry of kept) await batches.add(entry);
      else {
        const seen: ArchiveEntry[] = [];
        let count = 0;
        await list(withDigests, async (entry) => {
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
