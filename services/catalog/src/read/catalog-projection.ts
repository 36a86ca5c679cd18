import { defineProjection } from '@cyborgbackup/projections';
import { archives } from './archives.ts';
import { entries } from './entries.ts';

export const catalogProjection = defineProjection({ name: 'catalog', version: 1, models: [archives, entries] });
