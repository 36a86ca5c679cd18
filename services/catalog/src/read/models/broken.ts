import { defineReadModel } from '@cyborgbackup/projections';

/** How an entry of one archive came to be known as broken. */
export type FoundBy = 'listing' | 'check';

/** An entry that cannot be restored whole from one archive. Written by steps. */
export interface BrokenRow {
  readonly job_uuid: string;
  readonly number: number;
  readonly found_by: string;
}

export const broken = defineReadModel<BrokenRow, never>({
  table: 'broken',
  columns: { job_uuid: 'uuid', number: 'int4', found_by: 'text' },
  key: ['job_uuid', 'number', 'found_by'],
  on: {},
});

/** As `broken`, of the listing that is under way. */
export interface PendingBrokenRow {
  readonly series: number;
  readonly number: number;
}

export const pendingBroken = defineReadModel<PendingBrokenRow, never>({
  table: 'pending_broken',
  columns: { series: 'int4', number: 'int4' },
  key: ['series', 'number'],
  on: {},
});
