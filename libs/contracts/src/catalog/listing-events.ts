import { defineEvent } from '@cyborgbackup/kernel';
import { z } from 'zod';
import { requiredText, uuid } from '../wire/scalars.ts';
import { packedEntries } from './packed-entries.ts';

/*
 * An archive series is the archives of one policy, client and machine in one repository. Each listing of one of them is
 * recorded as the difference from the listing before: new entries, and the numbers of removed ones. A new entry gets a number
 * and keeps it while it stays the same.
 *
 * Stream `catalog-series-<series>` says which listing is under way and which were completed; the entries of a listing are in
 * stream `catalog-listing-<listing>`. Events of a listing that is not the series' current one have no effect.
 * See docs/decisions/0008-the-catalog-grows-with-change.md.
 */

/** Every event of a listing says which one it is. */
const ids = { series: uuid, listing: uuid };

/** A sentence about an archive whose entries break the rules of the gate that listings pass. */
export const unsafeReason = requiredText(1_000);

/** Limit of entry numbers in one event. */
export const NUMBERS_MAX = 10_000;

/** Some of the entry numbers of a listing. */
const numbersPart = z.object({
  ...ids,
  /** From 1. */
  part: z.int().min(1),
  /** Ascending. */
  numbers: z.array(z.int().min(0)).min(1).max(NUMBERS_MAX),
});

/** A listing begins; an unfinished one of the same series is void from here on. */
export const catalogListingStarted = defineEvent({
  type: 'catalog-listing-started',
  schema: z.object({
    ...ids,
    /** The backup that made the archive. */
    job: uuid,
    repository: uuid,
    policy: uuid.nullable(),
    client: uuid.nullable(),
    /** Empty unless the archive is of a virtual machine. */
    machine: z.string(),
    /** The listing's number in the series, from 1. */
    sequence: z.int().min(1),
    /** The number of its first new entry. */
    first_number: z.int().min(0),
  }),
});

/** Entries that the listing before did not have, numbered without gaps. */
export const catalogEntriesAdded = defineEvent({
  type: 'catalog-entries-added',
  schema: z.object({
    ...ids,
    /** From 1. */
    batch: z.int().min(1),
    /** The number of the first of them. */
    first_number: z.int().min(0),
    entries: packedEntries,
  }),
});

/** Entries that the listing before had and this one does not have. */
export const catalogEntriesRemoved = defineEvent({
  type: 'catalog-entries-removed',
  schema: numbersPart,
});

/** Entries that cannot be restored whole from this archive, as borg says. */
export const catalogEntriesBroken = defineEvent({
  type: 'catalog-entries-broken',
  schema: numbersPart,
});

/** The archive is listed as a whole, and is visible from here on. */
export const catalogListingCompleted = defineEvent({
  type: 'catalog-listing-completed',
  schema: z.object({
    ...ids,
    job: uuid,
    sequence: z.int().min(1),
    /** The number of the next listing's first new entry. */
    next_number: z.int().min(0),
    /** The catalog id of an entry of this archive is the sum of this and the entry's number. */
    id_base: z.int().min(0),
    /** Number of entries in the archive, without those that are not safe. */
    entries: z.int().min(0),
    /** Why the archive is not safe to extract, a sentence; null for a safe one. */
    unsafe: unsafeReason.nullable().default(null),
  }),
});

/** The listing failed and is void. */
export const catalogListingAbandoned = defineEvent({
  type: 'catalog-listing-abandoned',
  schema: z.object(ids),
});

export const seriesStream = (series: string): string => `catalog-series-${series}`;
export const listingStream = (listing: string): string => `catalog-listing-${listing}`;
