import { defineProjection, defineReadModel } from '@cyborgbackup/projections';
import { catalog } from '@cyborgbackup/read-models';
import { archives } from './archives.ts';
import { archiveSteps } from './steps/archive-steps.ts';
import { legacySteps } from './steps/legacy-steps.ts';
import { listingSteps } from './steps/listing-steps.ts';

const { archives: _folded, ...writtenBySteps } = catalog;

export const catalogProjection = defineProjection({
  name: 'catalog',
  version: 3,
  models: [archives, ...Object.values(writtenBySteps).map((table) => defineReadModel<object, never>(table))],
  steps: { ...listingSteps, ...archiveSteps, ...legacySteps },
});
