import { defineReadModel } from '@cyborgbackup/projections';

/** The archives of one policy, client and machine in one repository. Written by the listing's steps. */
export interface SeriesRow {
  readonly id: number;
  readonly uuid: string;
  /** Of the latest listing that began. */
  readonly sequence: number;
  /** The number of the next new entry. */
  readonly next: number;
  /** Entries of the latest listing that was completed. */
  readonly open: number;
  /** The listing that is under way. */
  readonly listing: string | null;
}

export const series = defineReadModel<SeriesRow, never>({
  table: 'series',
  columns: { id: 'int4', uuid: 'uuid', sequence: 'int4', next: 'int4', open: 'int4', listing: 'uuid?' },
  key: ['id'],
  lookups: ['(uuid)'],
  on: {},
});
