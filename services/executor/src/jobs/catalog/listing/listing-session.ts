import {
  BATCH_MAX_BYTES,
  catalogCommands,
  createDictionary,
  entryFingerprint,
  MATCH_MAX,
  nameStart,
  type CatalogEntry,
  type RpcInput,
  type RpcOutput,
} from '@cyborgbackup/contracts';
import { AppError } from '@cyborgbackup/kernel';
import { createCallWindow } from './call-window.ts';
import { createEntryRecorder, entryBytes, type CatalogCall } from './entry-recorder.ts';
import { createSeenNumbers } from './seen-numbers.ts';

/** Sends the listing of one archive to the catalog. */
export interface ListingSession {
  /** Takes the next entry of the archive; slow when the catalog is. @throws what an earlier call failed with */
  add(entry: CatalogEntry): Promise<void>;
  /**
   * The archive has no more entries: from here on the catalog has all of them.
   * @param unsafe why the archive is not safe to extract; null for a safe one
   */
  end(unsafe?: string | null): Promise<ListingResult>;
  /** The listing failed: nothing of it stays. */
  abandon(): Promise<void>;
}

/** Entries of the archive, and how many were added and removed since the listing before. */
export interface ListingResult {
  readonly entries: number;
  readonly added: number;
  readonly removed: number;
}

/** Calls of `match` under way at once. */
const MATCHES = 2;

const matchRequest = (entries: readonly CatalogEntry[]) => {
  const folders = createDictionary<string>();
  const folder = entries.map(({ path }) => {
    const text = path.slice(0, nameStart(path));
    return folders.numberOf(text, text);
  });
  return { folders: folders.items, folder, fingerprints: entries.map(entryFingerprint).join('') };
};

const OUT_OF_STEP = 'The catalog and this listing do not agree on the archive before: list the archive again.';

/**
 * How a listing goes, with memory for a few thousand entries and one bit for each entry of the listing before:
 *
 * 1. `begin` tells how many entries the listing before had, and the number of the first new one.
 * 2. `match` tells of every few thousand entries, by fingerprint, the numbers that the listing before gave them; these are
 *    seen. Entries without a number are new. Without a listing before there is nothing to match.
 * 3. `addEntries` records the new ones in batches, several under way at once.
 * 4. `removeEntries` sends which numbers were seen, unless all were; entries whose number was not seen are removed.
 * 5. `complete` makes it all visible at once.
 *
 * An unfinished listing is never visible, whatever it failed with, and the next one begins anew.
 * See docs/decisions/0008-the-catalog-grows-with-change.md.
 */
export const beginListing = async (
  call: CatalogCall,
  archive: RpcInput<typeof catalogCommands.begin>,
): Promise<ListingSession> => {
  const begun = await call(catalogCommands.begin, archive);
  const ids = { series: begun.series, listing: archive.listing };
  const recorder = createEntryRecorder(call, ids, begun.first_number);
  const seen = createSeenNumbers();
  const matches = createCallWindow(MATCHES);
  let unmatched: CatalogEntry[] = [];
  let unmatchedBytes = 0;
  let entries = 0;
  let previousMatch: Promise<unknown> = Promise.resolve();

  const sortOut = async (
    matched: readonly CatalogEntry[],
    { numbers, more }: RpcOutput<typeof catalogCommands.match>,
  ): Promise<void> => {
    const others = Map.groupBy(more, ([index]) => index);
    for (const [index, entry] of matched.entries()) {
      const candidates = [numbers[index] ?? -1, ...(others.get(index) ?? []).map(([, other]) => other)];
      const number = candidates.find((candidate) => candidate >= 0 && seen.add(candidate));
      if (number === undefined) await recorder.add(entry);
      else if (!entry.healthy) await recorder.markBroken(number);
    }
  };

  /** Answers come in any order; entries are sorted out in the order of the archive. */
  const match = async (): Promise<void> => {
    const batch = unmatched;
    unmatched = [];
    unmatchedBytes = 0;
    const previous = previousMatch;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    previousMatch = promise;
    const work = async (): Promise<void> => {
      try {
        const answer = await call(catalogCommands.match, { ...ids, ...matchRequest(batch) });
        await previous;
        await sortOut(batch, answer);
      } finally {
        resolve(undefined);
      }
    };
    await matches.run(work).catch((error: unknown) => {
      resolve(undefined);
      throw error;
    });
  };

  const removeUnseen = async (): Promise<{ removed: number; events: number }> => {
    const sum = { removed: 0, events: 0 };
    if (seen.size() === begun.previous_entries) return sum;
    for (const [index, chunk] of seen.chunks(begun.first_number).entries()) {
      const { removed, events } = await call(catalogCommands.removeEntries, { ...ids, part: index + 1, ...chunk });
      sum.removed += removed;
      sum.events += events;
    }
    return sum;
  };

  return {
    add: async (entry) => {
      entries += 1;
      if (begun.previous_entries === 0) return recorder.add(entry);
      unmatched.push(entry);
      unmatchedBytes += entryBytes(entry);
      return unmatched.length >= MATCH_MAX || unmatchedBytes >= BATCH_MAX_BYTES ? match() : undefined;
    },
    end: async (unsafe = null) => {
      if (unmatched.length > 0) await match();
      await matches.drain();
      const { added, events } = await recorder.end();
      const unseen = await removeUnseen();
      if (unseen.removed !== begun.previous_entries - seen.size()) throw new AppError('conflict', OUT_OF_STEP);
      const request = { ...ids, job: archive.job, events: events + unseen.events, added, entries, unsafe };
      await call(catalogCommands.complete, request);
      return { entries, added, removed: unseen.removed };
    },
    abandon: async () => {
      await Promise.allSettled([matches.drain(), recorder.drain()]);
      await call(catalogCommands.abandon, ids);
    },
  };
};
