import { type CatalogEntry, type CatalogEvent } from '@cyborgbackup/contracts';
import { AppError, type Decider } from '@cyborgbackup/kernel';

/*
 * The catalog of one archive, stream `catalog-<backup job>`:
 *
 *   listing   batches arrive in order; a batch that is there already changes nothing
 *   complete  the listing has ended; sending any part of it again changes nothing
 *   gone      the archive left its repository; nothing more is taken
 */
export interface ArchiveState {
  readonly status: 'listing' | 'complete' | 'gone';
  readonly batches: number;
  readonly entries: number;
}

export type ArchiveCommand =
  | {
      readonly do: 'add-batch';
      readonly job: string;
      readonly batch: number;
      readonly firstId: number;
      readonly entries: readonly CatalogEntry[];
    }
  | { readonly do: 'complete'; readonly job: string; readonly batches: number; readonly entries: number }
  | { readonly do: 'forget'; readonly job: string; readonly reason: string };

const conflict = (message: string): AppError => new AppError('conflict', message);

const addBatch = (
  { job, batch, firstId, entries }: Extract<ArchiveCommand, { do: 'add-batch' }>,
  state: ArchiveState,
): readonly CatalogEvent[] => {
  if (state.status === 'gone') throw conflict('This archive is gone from its repository: it is not catalogued.');
  if (batch <= state.batches) return [];
  if (state.status === 'complete') throw conflict('The listing of this archive is complete already.');
  if (batch > state.batches + 1) throw conflict(`Batch ${state.batches + 1} of this listing is missing.`);
  return [{ type: 'catalog-batch-recorded', data: { job, batch, first_id: firstId, entries: [...entries] } }];
};

const complete = (
  { job, batches, entries }: Extract<ArchiveCommand, { do: 'complete' }>,
  state: ArchiveState,
): readonly CatalogEvent[] => {
  if (state.status !== 'listing') return [];
  if (batches !== state.batches || entries !== state.entries) {
    throw conflict(`The listing has ${state.entries} entries here and ${entries} there: list the archive again.`);
  }
  return [{ type: 'catalog-completed', data: { job, entries } }];
};

export const archiveDecider: Decider<ArchiveState, ArchiveCommand, CatalogEvent> = {
  initialState: { status: 'listing', batches: 0, entries: 0 },
  decide: (command, state) => {
    switch (command.do) {
      case 'add-batch':
        return addBatch(command, state);
      case 'complete':
        return complete(command, state);
      case 'forget':
        return state.status === 'gone'
          ? []
          : [{ type: 'archive-forgotten', data: { job: command.job, reason: command.reason } }];
    }
  },
  evolve: (state, event) => {
    switch (event.type) {
      case 'catalog-batch-recorded':
        return { ...state, batches: event.data.batch, entries: state.entries + event.data.entries.length };
      case 'catalog-completed':
        return { ...state, status: 'complete' };
      case 'archive-forgotten':
        return { ...state, status: 'gone' };
    }
  },
};
