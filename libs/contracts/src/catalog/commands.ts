import { z } from 'zod';
import { defineRpc } from '../wire/rpc.ts';
import { archivePath, requiredText, timestamp, uuid } from '../wire/scalars.ts';
import { BROKEN_PATHS_MAX } from './archive-events.ts';
import { FINGERPRINT_LENGTH } from './entries.ts';
import { NUMBERS_MAX } from './listing-events.ts';
import { packedEntries } from './packed-entries.ts';

/** Most fingerprints in one `match`. */
export const MATCH_MAX = 4_000;

/** Numbers of entries that one `end` decides about. */
export const SEEN_CHUNK = 2 ** 21;

/** Most archives in one page of `reconcile`. */
export const RECONCILE_MAX = 1_000;

const count = z.int().min(0);
const position = z.string();
const listing = { series: uuid, listing: uuid };

export const catalogCommands = {
  /**
   * Begins the listing of an archive. Another listing of the same series that is under way is void from then on. Answers
   * when the catalog is ready to be compared with; the same attempt may begin again.
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
      /** Entries of the listing before. None: there is nothing to match. */
      previous_entries: count,
    }),
  ),
  /** Which entries the listing before had. */
  match: defineRpc(
    'catalog.listing.match',
    z.object({
      ...listing,
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
      /** Where an archive holds the very same entry more than once: further numbers by position. */
      more: z.array(z.tuple([count, z.int().min(0)])),
    }),
  ),
  /** Records entries that are new. Sending a batch again changes nothing. */
  addEntries: defineRpc(
    'catalog.listing.add-entries',
    z.object({ ...listing, batch: z.int().min(1), first_number: count, entries: packedEntries }),
    z.object({ position }),
  ),
  /** Records the end of the entries between two numbers that were not seen again. Sending a part again changes nothing. */
  removeEntries: defineRpc(
    'catalog.listing.remove-entries',
    z.object({
      ...listing,
      /** From 1, without gaps. */
      part: z.int().min(1),
      from: count,
      /** Exclusive; at most `SEEN_CHUNK` further on, unless `seen` is empty. */
      to: count,
      /** A bit for each number, the lowest of each byte first, as base64; empty when none was seen. */
      seen: z.string().max(Math.ceil(SEEN_CHUNK / 8 / 3) * 4),
    }),
    z.object({ removed: count, events: count }),
  ),
  /** Records which entries are broken. Sending a part again changes nothing. */
  markBroken: defineRpc(
    'catalog.listing.mark-broken',
    z.object({ ...listing, part: z.int().min(1), numbers: z.array(count).min(1).max(NUMBERS_MAX) }),
    z.object({ position }),
  ),
  /** The listing has come to its end, and becomes visible as a whole. */
  complete: defineRpc(
    'catalog.listing.complete',
    z.object({
      ...listing,
      job: uuid,
      /** Written to the listing's stream. */
      events: count,
      /** New ones. */
      added: count,
      /** In the archive. */
      entries: count,
    }),
    z.object({ position }),
  ),
  /** The listing failed: what it recorded goes. */
  abandon: defineRpc('catalog.listing.abandon', z.object(listing), z.object({ position: position.nullable() })),
  /** The archive is gone from its repository: so are its entries. One that is not known changes nothing. */
  removeArchive: defineRpc(
    'catalog.archive.remove',
    z.object({ repository: uuid, archive: z.string(), reason: z.string() }),
    z.object({ position: position.nullable() }),
  ),
  /** What a check found out about an archive. */
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
  /** Some files of an archive, picked at random by the seed; the same ones again for the same seed. */
  sample: defineRpc(
    'catalog.archive.sample',
    z.object({ job: uuid, seed: z.string().min(1).max(64), files: z.int().min(1).max(1_000) }),
    z.object({
      /** Fewer when the archive has fewer. */
      files: z.array(z.object({ path: archivePath, size: count, mtime: timestamp })),
    }),
  ),
  /**
   * Compares the catalog with a part of what borg lists: all archives of the repository whose id is above `after` and not
   * above `until`. Never to be called with a list that could not be read to its end.
   */
  reconcile: defineRpc(
    'catalog.repository.reconcile',
    z.object({
      repository: uuid,
      /** The head of the log before borg was asked: an archive that is younger is not missed. */
      known_until: z.string().regex(/^\d+$/),
      /** Ids are compared as text; the first page begins with an empty one. */
      after: z.string(),
      /** Null for the last page. */
      until: z.string().nullable(),
      archives: z.array(z.object({ name: requiredText(1_024), borg_id: requiredText(128) })).max(RECONCILE_MAX),
    }),
    z.object({
      /** Names of archives that were catalogued and are gone. */
      vanished: z.array(z.string()),
      /** Names of archives that were thought to be gone and are there. */
      reappeared: z.array(z.string()),
      /** Names of archives that no job of ours made, and that were not known before. */
      unknown: z.array(z.string()),
      position: position.nullable(),
    }),
  ),
};
