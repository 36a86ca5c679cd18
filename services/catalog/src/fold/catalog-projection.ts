import {
  catalogEntriesAdded,
  catalogEntriesBroken,
  catalogEntriesRemoved,
  catalogListingAbandoned,
  catalogListingCompleted,
  catalogListingStarted,
} from '@cyborgbackup/contracts';
import { defineProjection, defineReadModel } from '@cyborgbackup/projections';
import { catalog } from '@cyborgbackup/read-models';
import { archives } from '../tables/archives.ts';
import { addEntries } from './add-entries.ts';
import { archiveSteps } from './archive-steps.ts';
import { abandonListing, beginListing } from './begin-listing.ts';
import { addBroken } from './broken-entries.ts';
import { completeListing } from './complete-listing.ts';
import { endEntries } from './end-entries.ts';

const { archives: _folded, ...writtenBySteps } = catalog;

export const catalogProjection = defineProjection({
  name: 'catalog',
  version: 3,
  models: [archives, ...Object.values(writtenBySteps).map((table) => defineReadModel<object, never>(table))],
  steps: {
    [catalogListingStarted.type]: beginListing,
    [catalogEntriesAdded.type]: addEntries,
    [catalogEntriesRemoved.type]: endEntries,
    [catalogEntriesBroken.type]: addBroken,
    [catalogListingCompleted.type]: completeListing,
    [catalogListingAbandoned.type]: abandonListing,
    ...archiveSteps,
  },
});
