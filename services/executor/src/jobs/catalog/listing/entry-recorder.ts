import {
  BATCH_MAX_BYTES,
  BATCH_MAX_ENTRIES,
  catalogCommands,
  NUMBERS_MAX,
  packEntries,
  type CatalogEntry,
  type Rpc,
} from '@cyborgbackup/contracts';
import { humanBytes } from '@cyborgbackup/kernel';
import type { z } from 'zod';
import { JobFailure } from '../../../job/job-failure.ts';
import { createCallWindow } from './call-window.ts';

/** Calls the catalog; the answer is as the contract says. */
export type CatalogCall = <Input extends z.ZodType, Output extends z.ZodType>(
  rpc: Rpc<Input, Output>,
  input: z.input<Input>,
) => Promise<z.output<Output>>;

/** Batches under way at once. */
const BATCHES = 3;

/**
 * Of all new entries of a listing: fifty million files, with 300 bytes for each. What a host lists goes to the log, so a listing
 * without end would fill the database.
 */
const MAX_LISTING_BYTES = 16 * 1000 ** 3;

/** Bytes that an entry takes in a batch beside its path, its target and long names of users, at most. */
const COLUMNS_BYTES = 80;
const SHORT_NAME = 16;

const jsonBytes = (text: string): number => Buffer.byteLength(JSON.stringify(text));

/** Bytes of an entry in a message, at most. */
export const entryBytes = ({ path, target, owner, group }: CatalogEntry): number =>
  COLUMNS_BYTES +
  jsonBytes(path) +
  (target === '' ? 0 : jsonBytes(target)) +
  (owner.length > SHORT_NAME ? jsonBytes(owner) : 0) +
  (group.length > SHORT_NAME ? jsonBytes(group) : 0);

const tooMuch = (maxBytes: number): JobFailure =>
  new JobFailure(
    `The archive has more than ${humanBytes(maxBytes)} of new names, the most that is listed of one archive: back up its folders in several policies.`,
  );

/** Records, in batches, which entries of a listing are new and which are broken. */
export interface EntryRecorder {
  /** Numbers a new entry. @throws JobFailure for more than a listing may have, and what an earlier call failed with */
  add(entry: CatalogEntry): Promise<void>;
  markBroken(number: number): Promise<void>;
  /** Waits until everything is recorded. @returns the numbers of new entries and of events written */
  end(): Promise<{ readonly added: number; readonly events: number }>;
  /** Waits until no call is under way. @throws what one failed with */
  drain(): Promise<void>;
}

/** @param firstNumber the number of the first new entry */
export const createEntryRecorder = (
  call: CatalogCall,
  ids: { readonly series: string; readonly listing: string },
  firstNumber: number,
  maxBytes = MAX_LISTING_BYTES,
): EntryRecorder => {
  const calls = createCallWindow(BATCHES);
  let entries: CatalogEntry[] = [];
  let bytes = 0;
  let allBytes = 0;
  let nextNumber = firstNumber;
  let batch = 0;
  let broken: number[] = [];
  let part = 0;

  const sendEntries = async (): Promise<void> => {
    if (entries.length === 0) return;
    batch += 1;
    const request = { ...ids, batch, first_number: nextNumber - entries.length, entries: packEntries(entries) };
    entries = [];
    bytes = 0;
    await calls.run(() => call(catalogCommands.addEntries, request));
  };

  const sendBroken = async (): Promise<void> => {
    if (broken.length === 0) return;
    part += 1;
    const request = { ...ids, part, numbers: broken };
    broken = [];
    await calls.run(() => call(catalogCommands.markBroken, request));
  };

  const markBroken = async (number: number): Promise<void> => {
    broken.push(number);
    if (broken.length >= NUMBERS_MAX) await sendBroken();
  };

  return {
    add: async (entry) => {
      const size = entryBytes(entry);
      allBytes += size;
      if (allBytes > maxBytes) throw tooMuch(maxBytes);
      if (entries.length >= BATCH_MAX_ENTRIES || bytes + size > BATCH_MAX_BYTES) await sendEntries();
      if (!entry.healthy) await markBroken(nextNumber);
      entries.push(entry);
      bytes += size;
      nextNumber += 1;
    },
    markBroken,
    end: async () => {
      await sendEntries();
      await sendBroken();
      await calls.drain();
      return { added: nextNumber - firstNumber, events: batch + part };
    },
    drain: calls.drain,
  };
};
