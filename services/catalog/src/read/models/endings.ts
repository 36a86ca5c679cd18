import { defineReadModel } from '@cyborgbackup/projections';

/** Which entries ended with a listing. Written by the listing's steps. */
export interface EndingRow {
  readonly series: number;
  /** Of the listing that did not have them any more. */
  readonly sequence: number;
  readonly part: number;
  readonly numbers: readonly number[];
}

export const endings = defineReadModel<EndingRow, never>({
  table: 'endings',
  columns: { series: 'int4', sequence: 'int4', part: 'int4', numbers: 'int4[]' },
  key: ['series', 'sequence', 'part'],
  on: {},
});
