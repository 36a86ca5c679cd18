import { defineReadModel } from '@cyborgbackup/projections';

/** Stands for "the listing before has it": an entry that has not ended. */
export const NOT_ENDED = 2_147_483_647;

/**
 * An entry as it was in some archives in a row: those of its series whose sequence is from `first_seq` to `last_seq`. Written
 * by the listing's steps.
 */
export interface VersionRow {
  readonly series: number;
  readonly number: number;
  readonly folder: number;
  readonly name: number;
  readonly attributes: number;
  readonly first_seq: number;
  /** Not in any index: an entry then ends without a new copy of its index entries. */
  readonly last_seq: number;
  readonly size: number;
  readonly mtime: string;
  readonly fingerprint: string;
  readonly target: string | null;
  /** base64 of the target's bytes where they are not UTF-8. */
  readonly target_raw: string | null;
}

export const versions = defineReadModel<VersionRow, never>({
  table: 'versions',
  columns: {
    series: 'int4',
    number: 'int4',
    folder: 'int4',
    name: 'int4',
    attributes: 'int4',
    first_seq: 'int4',
    last_seq: 'int4',
    size: 'safeint',
    mtime: 'timestamptz',
    fingerprint: 'uuid',
    target: 'text?',
    target_raw: 'text?',
  },
  key: ['series', 'number'],
  lookups: ['(series, folder, fingerprint)', '(name, series, folder)'],
  on: {},
});
