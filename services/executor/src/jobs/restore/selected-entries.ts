import { createLastOnly, type ArchiveEntry } from '@cyborgbackup/borg';
import { listEntries } from '../../borg/queries.ts';
import type { BorgEndpoint } from '../../endpoints/borg-endpoint.ts';
import type { JobContext } from '../../job/job-context.ts';
import { archiveOf } from '../../job/job-plan.ts';
import type { Selection } from './selection.ts';
import type { UnsafeEntries } from './unsafe-entries.ts';

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

/** The root folder of an archive of everything is not a name that anything could be restored to. */
const isRoot = ({ path, type }: ArchiveEntry): boolean => path === '.' && type === 'd';

/** Whether an entry counts: it is not left out, and no later one has its path. */
const createFilter = (
  repeated: ReadonlyMap<string, number>,
  { paths }: UnsafeEntries,
): ((entry: ArchiveEntry) => boolean) => {
  const isLast = createLastOnly(repeated);
  return ({ path }) => !paths.has(path) && isLast(path);
};

/**
 * The first listing finds the entries that are not safe, and the paths that come more than once; of a small selection it does so
 * before any entry is visited.
 * @param endpoint where borg lists the archive
 * @param unsafe what happens to entries that have not passed the gate
 */
export const createSelectedEntries = (
  context: JobContext,
  endpoint: BorgEndpoint,
  selection: Selection,
  unsafe: UnsafeEntries,
): SelectedEntries => {
  let kept: readonly ArchiveEntry[] | undefined;
  let repeated: ReadonlyMap<string, number> = new Map();

  const list = async (withDigests: boolean, take: (entry: ArchiveEntry) => Promise<void>): Promise<void> => {
    const entries = { ...selection, archive: archiveOf(context.plan), withDigests };
    const listed = await listEntries(context, endpoint, entries, async (entry) => {
      if (entry.unsafe !== '') unsafe.leaveOut(entry);
      else if (!isRoot(entry)) await take(entry);
    });
    repeated = listed.repeated;
  };

  return {
    each: async (visit, { withDigests = false } = {}) => {
      const batches = createBatches(visit);
      const counts = createFilter(repeated, unsafe);
      const add = async (entry: ArchiveEntry): Promise<void> => {
        if (counts(entry)) await batches.add(entry);
      };
      if (kept && !withDigests) for (const entry of kept) await batches.add(entry);
      else {
        let held: ArchiveEntry[] | undefined = [];
        await list(withDigests, async (entry) => {
          if (held === undefined) return add(entry);
          held.push(entry);
          if (held.length <= KEPT_ENTRIES) return;
          for (const one of held) await add(one);
          held = undefined;
        });
        if (held !== undefined) {
          kept = held.filter(createFilter(repeated, unsafe));
          for (const entry of kept) await batches.add(entry);
        }
      }
      await batches.flush();
    },
  };
};
