import { defineEvent } from '@cyborgbackup/kernel';
import { z } from 'zod';
import { uuid } from '../wire/scalars.ts';
import { packedEntries } from './packed-entries.ts';

/*
 * A series is the archives of one policy, client and machine in one repository. Each listing of one of them is recorded as
 * the difference from the listing before: entries that are new, and the numbers of those that are there no more. An entry
 * is numbered when it is new, and keeps its number for as long as it stays the same.
 *
 * Stream `catalog-series-<series>` tells which listing is under way and which was completed; what a listing found is in
 * stream `catalog-listing-<attempt>`. A listing whose attempt is not the series' current one never happened.
 */

/** A listing begins; one of the same series that was under way is void from here on. */
export const catalogListingStarted = defineEvent({
  type: 'catalog-listing-started',
  version: 1,
  schema: z.object({
    series: uuid,
    /** Names this listing. */
    listing: uuid,
    /** The backup that made the archive. */
    job: uuid,
    repository: uuid,
    policy: uuid.nullable(),
    client: uuid.nullable(),
    /** Empty unless the archive is of a virtual machine. */
    machine: z.string(),
    /** The listing's number in the series, from 1. */
    sequence: z.int().min(1),
    /** The number that its first new entry gets. */
    first_number: z.int().min(0),
  }),
});

/** Entries that the listing before did not have. They are numbered one after the other. */
export const catalogEntriesAdded = defineEvent({
  type: 'catalog-entries-added',
  version: 1,
  schema: z.object({
    series: uuid,
    listing: uuid,
    /** From 1. */
    batch: z.int().min(1),
    /** The number of the first of them. */
    first_number: z.int().min(0),
    entries: packedEntries,
  }),
});

/** Most numbers in one event. */
export const NUMBERS_MAX = 10_000;

/** Entries that the listing before had, and this one has not. */
export const catalogEntriesRemoved = defineEvent({
  type: 'catalog-entries-removed',
  version: 1,
  schema: z.object({
    series: uuid,
    listing: uuid,
    /** From 1. */
    part: z.int().min(1),
    /** Ascending. */
    numbers: z.array(z.int().min(0)).min(1).max(NUMBERS_MAX),
  }),
});

/** Entries of which borg says that they cannot be restored whole from this archive. */
export const catalogEntriesBroken = defineEvent({
  type: 'catalog-entries-broken',
  version: 1,
  schema: z.object({
    series: uuid,
    listing: uuid,
    /** From 1. */
    part: z.int().min(1),
    numbers: z.array(z.int().min(0)).min(1).max(NUMBERS_MAX),
  }),
});

/** The whole archive is listed, and can be looked at from here on. */
export const catalogListingCompleted = defineEvent({
  type: 'catalog-listing-completed',
  version: 1,
  schema: z.object({
    series: uuid,
    listing: uuid,
    job: uuid,
    sequence: z.int().min(1),
    /** The number that the next listing's first new entry gets. */
    next_number: z.int().min(0),
    /** The catalog id of an entry of this archive is this and the entry's number together. */
    id_base: z.int().min(0),
    /** In the archive. */
    entries: z.int().min(0),
  }),
});

/** The listing failed and is void. */
export const catalogListingAbandoned = defineEvent({
  type: 'catalog-listing-abandoned',
  version: 1,
  schema: z.object({ series: uuid, listing: uuid }),
});

export const seriesStream = (series: string): string => `catalog-series-${series}`;
export const listingStream = (attempt: string): string => `catalog-listing-${attempt}`;
