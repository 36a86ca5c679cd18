import { z } from 'zod';
import { defineRpc } from '../wire/rpc.ts';
import { archivePath, requiredText, timestamp, uuid } from '../wire/scalars.ts';
import { BROKEN_PATHS_MAX } from './archive-events.ts';
import { FINGERPRINT_LENGTH } from './entries.ts';
import { NUMBERS_MAX, unsafeReason } from './listing-events.ts';
import { packedEntries } from './packed-entries.ts';

/** Limit of fingerprints in one `match`. */
export const MATCH_MAX = 4_000;

/** Limit of entry numbers in one `removeEntries`. */
export const SEEN_CHUNK = 2 ** 21;

/** Limit of archives in one page of `reconcile`. */
export const RECONCILE_MAX = 1_000;

const count = z.int().min(0);
const position = z.string();
const ids = { series: uuid, listing: uuid };

export const catalogCommands = {
  /**
   * Begins the listing of an archive; an unfinished listing of the same series is void from then on. Answers when `match` can be
   * asked. Idempotent.
   */
  begin: defineRpc(
    'catalog.listing.begin',
    z.object({
      listing: uuid,
      /** The backup that made the archive. */
      job: uuid,
      repository: uuid,
      policy: uuid.nullable(),
      client: uuid.nullable(),
      machine: z.string().max(255),
    }),
    z.object({
      series: uuid,
      /** The number of the first new entry. */
      first_number: count,
      /** Entries of the listing before; 0 = there is nothing to match. */
      previous_entries: count,
    }),
  ),
  /** Finds entries of the listing before by their fingerprints. */
  match: defineRpc(
    'catalog.listing.match',
    z.object({
      ...ids,
      /** Folders of the entries, as in packed entries. */
      folders: z.array(z.string()).max(MATCH_MAX),
      /** Position in `folders`, by entry. */
      folder: z.array(count).max(MATCH_MAX),
      /** One after the other, each of `FINGERPRINT_LENGTH` hexadecimal digits. */
      fingerprints: z
        .string()
        .regex(/^[0-9a-f]+$/)
        .max(MATCH_MAX * FINGERPRINT_LENGTH),
    }),
    z.object({
      /** The number of each, or -1 for one that is new. */
      numbers: z.array(z.int().min(-1)),
      /** Further numbers by position, where an archive holds equal entries. */
      more: z.array(z.tuple([count, z.int().min(0)])),
    }),
  ),
  /** Records new entries. Idempotent by `batch`. */
  addEntries: defineRpc(
    'catalog.listing.add-entries',
    z.object({ ...ids, batch: z.int().min(1), first_number: count, entries: packedEntries }),
    z.object({ position }),
  ),
  /** Records that entries were removed: those between two numbers that were not seen. Idempotent by `part`. */
  removeEntries: defineRpc(
    'catalog.listing.remove-entries',
    z.object({
      ...ids,
      /** From 1, without gaps. */
      part: z.int().min(1),
      from: count,
      /** Exclusive; at most `SEEN_CHUNK` further on, unless `seen` is empty. */
      to: count,
      /** A bit for each number, the lowest of each byte first, as base64; empty when no number was seen. */
      seen: z.string().max(Math.ceil(SEEN_CHUNK / 8 / 3) * 4),
    }),
    z.object({ removed: count, events: count }),
  ),
  /** Records which entries are broken. Idempotent by `part`. */
  markBroken: defineRpc(
    'catalog.listing.mark-broken',
    z.object({ ...ids, part: z.int().min(1), numbers: z.array(count).min(1).max(NUMBERS_MAX) }),
    z.object({ position }),
  ),
  /** Completes the listing, which makes it visible as a whole. */
  complete: defineRpc(
    'catalog.listing.complete',
    z.object({
      ...ids,
      job: uuid,
      /** Events in the listing's stream. */
      events: count,
      /** New entries. */
      added: count,
      /** All entries of the archive that are safe. */
      entries: count,
      /** Why the archive is not safe to extract; null for a safe one. */
      unsafe: unsafeReason.nullable(),
    }),
    z.object({ position }),
  ),
  /** Abandons a listing that failed: its entries are deleted. */
  abandon: defineRpc('catalog.listing.abandon', z.object(ids), z.object({ position: position.nullable() })),
  /** Removes an archive that was deleted from its repository. Idempotent, also for an unknown archive. */
  removeArchive: defineRpc(
    'catalog.archive.remove',
    z.object({ repository: uuid, archive: z.string(), reason: z.string() }),
    z.object({ position: position.nullable() }),
  ),
  /** Records the findings of a check about an archive. */
  recordFindings: defineRpc(
    'catalog.archive.record-findings',
    z.object({
      job: uuid,
      archive_healthy: z.boolean(),
      broken_paths: z.array(z.string()).max(BROKEN_PATHS_MAX),
      checked_at: timestamp,
    }),
    z.object({ position }),
  ),
  /** Picks files of an archive at random; the same seed picks the same files. */
  sample: defineRpc(
    'catalog.archive.sample',
    z.object({ job: uuid, seed: z.string().min(1).max(64), files: z.int().min(1).max(1_000) }),
    z.object({
      /** Fewer when the archive has fewer. */
      files: z.array(z.object({ path: archivePath, size: count, mtime: timestamp })),
    }),
  ),
  /**
   * Compares the catalog with a page of borg's list: all archives of the repository whose id is above `after` and not above
   * `until`. The list must be complete: an archive that is not in it has vanished.
   */
  reconcile: defineRpc(
    'catalog.repository.reconcile',
    z.object({
      repository: uuid,
      /** The head of the log before borg was asked: younger archives are not expected in the list. */
      known_until: z.string().regex(/^\d+$/),
      /** Ids are compared as text; the first page begins with an empty one. */
      after: z.string(),
      /** Null for the last page. */
      until: z.string().nullable(),
      archives: z.array(z.object({ name: requiredText(1_024), borg_id: requiredText(128) })).max(RECONCILE_MAX),
    }),
    z.object({
      /** Names of catalogued archives that the repository does not have. */
      vanished: z.array(z.string()),
      /** Names of removed or vanished archives that the repository has. */
      reappeared: z.array(z.string()),
      /** Names of archives that no job made, and that are reported for the first time. */
      unknown: z.array(z.string()),
      position: position.nullable(),
    }),
  ),
};
