import { defineProjection } from '@cyborgbackup/projections';
import { archives } from './models/archives.ts';
import { broken, pendingBroken } from './models/broken.ts';
import { attributes, folders, names } from './models/dictionaries.ts';
import { endings } from './models/endings.ts';
import { folderTotals } from './models/folder-totals.ts';
import { series } from './models/series.ts';
import { versions } from './models/versions.ts';
import { archiveSteps } from './steps/archive-steps.ts';
import { listingSteps } from './steps/listing-steps.ts';

export const catalogProjection = defineProjection({
  name: 'catalog',
  version: 3,
  models: [archives, series, versions, folders, names, attributes, folderTotals, endings, broken, pendingBroken],
  steps: { ...listingSteps, ...archiveSteps },
});
