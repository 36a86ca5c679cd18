import type { EventOf } from '@cyborgbackup/kernel';
import {
  archiveChecked,
  archiveRemoved,
  archiveReappeared,
  archiveVanished,
  unknownArchiveFound,
} from './archive-events.ts';
import {
  catalogEntriesAdded,
  catalogEntriesBroken,
  catalogEntriesRemoved,
  catalogListingAbandoned,
  catalogListingCompleted,
  catalogListingStarted,
} from './listing-events.ts';

export const catalogEvents = [
  catalogListingStarted,
  catalogEntriesAdded,
  catalogEntriesRemoved,
  catalogEntriesBroken,
  catalogListingCompleted,
  catalogListingAbandoned,
  archiveRemoved,
  archiveVanished,
  archiveReappeared,
  unknownArchiveFound,
  archiveChecked,
] as const;
export type CatalogEvent = EventOf<(typeof catalogEvents)[number]>;
