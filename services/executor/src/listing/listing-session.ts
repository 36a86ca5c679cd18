import {
  BATCH_MAX_BYTES,
  BATCH_MAX_ENTRIES,
  catalogCommands,
  createDictionary,
  entryFingerprint,
  MATCH_MAX,
  nameStart,
  NUMBERS_MAX,
  packEntries,
  type CatalogEntry,
  type Rpc,
  type RpcInput,
  type RpcOutput,
} from '@cyborgbackup/contracts';
import { AppError } from '@cyborgbackup/kernel';
import type { z } from 'zod';
import { createCallWindow } from './call-window.ts';
import { createSeenNumbers } from './seen-numbers.ts';

/** Calls the catalog; the answer is as the contract says. */
export type CatalogCall = <Input extends z.ZodType, Output extends z.ZodType>(
  rpc: Rpc<Input, Output>,
  input: z.input<Input>,
) => Promise<z.output<Output>>;

/** Sends the listing of one archive to the catalog. */
export interface ListingSession {
  /** Takes the next entry of the archive; slow when the catalog is. @throws what an earlier call failed with */
  add(entry: CatalogEntry): Promise<void>;
  /** The archive has no more entries: the catalog shows it from here on. */
  end(): Promise<ListingResult>;
  /** The listing failed: nothing of it stays. */
  abandon(): Promise<void>;
}

/** Entries of the archive, and how many of those were new since the listing before. */
export interface ListingResult {
  readonly entries: number;
  readonly added: number;
  readonly ended: number;
}

/** Questions and batches under way at once. */
const MATCHES = 2;
const BATCHES = 3;

/** What an entry takes in a batch beside its path and target, at most. */
const COLUMNS_BYTES = 80;

/** The question that `match` asks of these entries. */
const questionOf = (entries: readonly CatalogEntry[]) => {
  const folders = createDictionary<string>();
  const folder = entries.map(({ path }) => {
    const text = path.slice(0, nameStart(path));
    return folders.numberOf(text, text);
  });
  return { folders: folders.items, folder, fingerprints: entries.map(entryFingerprint).join('') };
};

const bytesOf = ({ path, target }: CatalogEntry): number =>
  COLUMNS_BYTES +
  Buffer.byteLength(JSON.stringify(path)) +
  (target === '' ? 0 : Buffer.byteLength(JSON.stringify(target)));

const OUT_OF_STEP = 'The catalog and this listing do not agree on the archive before: list the archive again.';

/**
 * How a listing goes, with memory for a few thousand entries and one bit for each entry of the listing before:
 *
 * 1. `begin` tells how many entries the listing before had (`open`), and the number of the first new one.
 * 2. `match` asks of every few thousand entries, by fingerprint, which of them the listing before had. Those are ticked off
 *    by number. All others are new; without a listing before nothing is asked.
 * 3. `add` records the new ones in batches, several under way at once.
 * 4. `end` sends the ticks, unless all entries of the listing before were met again; who is not ticked off has ended.
 * 5. `complete` makes it all visible at once.
 *
 * Whatever fails on the way, an unfinished listing is never seen, and the next one begins anew.
 */
export const beginListing = async (
  call: CatalogCall,
  archive: RpcInput<typeof catalogCommands.begin>,
): Promise<ListingSession> => {
  const { series, first, open } = await call(catalogCommands.begin, archive);
  const names = { series, attempt: archive.attempt };
  const seen = createSeenNumbers();
  const matches = createCallWindow(MATCHES);
  const batches = createCallWindow(BATCHES);
  let waiting: CatalogEntry[] = [];
  let waitingBytes = 0;
  let fresh: CatalogEntry[] = [];
  let freshBytes = 0;
  let added = 0;
  let entries = 0;
  let batch = 0;
  let broken: number[] = [];
  let brokenParts = 0;
  let turn: Promise<unknown> = Promise.resolve();

  const sendBroken = async (): Promise<void> => {
    if (broken.length === 0) return;
    brokenParts += 1;
    const request = { ...names, part: brokenParts, numbers: broken };
    broken = [];
    await batches.run(() => call(catalogCommands.markBroken, request));
  };

  const noteBroken = async (number: number): Promise<void> => {
    broken.push(number);
    if (broken.length >= NUMBERS_MAX) await sendBroken();
  };

  const sendBatch = async (): Promise<void> => {
    if (fresh.length === 0) return;
    batch += 1;
    const request = { ...names, batch, first: first + added, entries: packEntries(fresh) };
    added += fresh.length;
    fresh = [];
    freshBytes = 0;
    await batches.run(() => call(catalogCommands.add, request));
  };

  const addFresh = async (entry: CatalogEntry): Promise<void> => {
    const bytes = bytesOf(entry);
    if (fresh.length >= BATCH_MAX_ENTRIES || freshBytes + bytes > BATCH_MAX_BYTES) await sendBatch();
    if (!entry.healthy) await noteBroken(first + added + fresh.length);
    fresh.push(entry);
    freshBytes += bytes;
  };

  const tickOff = async (
    asked: readonly CatalogEntry[],
    { numbers, more }: RpcOutput<typeof catalogCommands.match>,
  ): Promise<void> => {
    const others = Map.groupBy(more, ([at]) => at);
    for (const [at, entry] of asked.entries()) {
      const candidates = [numbers[at] ?? -1, ...(others.get(at) ?? []).map(([, other]) => other)];
      const number = candidates.find((candidate) => candidate >= 0 && seen.add(candidate));
      if (number === undefined) await addFresh(entry);
      else if (!entry.healthy) await noteBroken(number);
    }
  };

  /** Answers come in any order, and are worked on in the order of the listing. */
  const match = async (): Promise<void> => {
    const asked = waiting;
    waiting = [];
    waitingBytes = 0;
    const previous = turn;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    turn = promise;
    const work = async (): Promise<void> => {
      try {
        const answer = await call(catalogCommands.match, { ...names, ...questionOf(asked) });
        await previous;
        await tickOff(asked, answer);
      } finally {
        resolve(undefined);
      }
    };
    await matches.run(work).catch((error: unknown) => {
      resolve(undefined);
      throw error;
    });
  };

  const sendEnds = async (): Promise<{ ended: number; events: number }> => {
    const sum = { ended: 0, events: 0 };
    if (seen.size() === open) return sum;
    for (const [index, chunk] of seen.chunks(first).entries()) {
      const { ended, events } = await call(catalogCommands.end, { ...names, part: index + 1, ...chunk });
      sum.ended += ended;
      sum.events += events;
    }
    return sum;
  };

  return {
    add: async (entry) => {
      entries += 1;
      if (open === 0) return addFresh(entry);
      waiting.push(entry);
      waitingBytes += bytesOf(entry);
      return waiting.length >= MATCH_MAX || waitingBytes >= BATCH_MAX_BYTES ? match() : undefined;
    },
    end: async () => {
      if (waiting.length > 0) await match();
      await matches.drain();
      await sendBatch();
      await sendBroken();
      await batches.drain();
      const { ended, events } = await sendEnds();
      if (ended !== open - seen.size()) throw new AppError('conflict', OUT_OF_STEP);
      const written = batch + brokenParts + events;
      await call(catalogCommands.complete, { ...names, job: archive.job, events: written, added, entries });
      return { entries, added, ended };
    },
    abandon: async () => {
      await Promise.allSettled([matches.drain(), batches.drain()]);
      await call(catalogCommands.abandon, names);
    },
  };
};
