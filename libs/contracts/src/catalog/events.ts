import type { EventOf } from '@cyborgbackup/kernel';
import {
  archiveChecked,
  archiveForgotten,
  archiveFoundAgain,
  archiveVanished,
  unknownArchiveFound,
} from './archive-events.ts';
import {
  catalogEntriesAdded,
  catalogEntriesBroken,
  catalogEntriesEnded,
  catalogListingAbandoned,
  catalogListingCompleted,
  catalogListingStarted,
} from './listing-events.ts';

export const catalogEvents = [
  catalogListingStarted,
  catalogEntriesAdded,
  catalogEntriesEnded,
  catalogEntriesBroken,
  catalogListingCompleted,
  catalogListingAbandoned,
  archiveForgotten,
  archiveVanished,
  archiveFoundAgain,
  unknownArchiveFound,
  archiveChecked,
] as const;
export type CatalogEvent = EventOf<(typeof catalogEvents)[number]>;
