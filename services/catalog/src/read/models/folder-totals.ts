import { defineReadModel } from '@cyborgbackup/projections';

/**
 * By how much a folder, with all below it, grew with one listing. The sum over all listings up to an archive's is what the
 * folder holds in that archive. Written by the listing's steps.
 */
export interface FolderTotalRow {
  readonly series: number;
  readonly folder: number;
  readonly sequence: number;
  /** Everything below, folders too. */
  readonly entries: number;
  /** Everything below that is no folder. */
  readonly files: number;
  readonly bytes: number;
}

export const folderTotals = defineReadModel<FolderTotalRow, never>({
  table: 'folder_totals',
  columns: {
    series: 'int4',
    folder: 'int4',
    sequence: 'int4',
    entries: 'int4',
    files: 'int4',
    bytes: 'safeint',
  },
  key: ['series', 'folder', 'sequence'],
  lookups: ['(series, sequence)'],
  on: {},
});
