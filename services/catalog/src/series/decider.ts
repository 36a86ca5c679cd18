import type { catalogListingAbandoned, catalogListingCompleted, catalogListingStarted } from '@cyborgbackup/contracts';
import { AppError, type Decider, type EventOf } from '@cyborgbackup/kernel';

/*
 * A series of archives, stream `catalog-series-<series>`:
 *
 *   idle      no listing is under way; what the last completed one found is what the next is compared with
 *   listing   one listing is under way. Another one that starts takes its place: of two, the later one counts, since the
 *             earlier one's executor may be gone. From then on the earlier one can neither be completed nor abandoned.
 *
 * Both `complete` and `abandon` lead back to idle. Asking again for what has been done changes nothing.
 */
export interface SeriesState {
  /** Of the latest listing. */
  readonly sequence: number;
  /** The number of the next new entry. */
  readonly next: number;
  readonly listing: { readonly uuid: string; readonly sequence: number } | null;
  /** The listing that was completed last. */
  readonly completed: string | null;
}

type Started = EventOf<typeof catalogListingStarted>;
type Completed = EventOf<typeof catalogListingCompleted>;
export type SeriesEvent = Started | Completed | EventOf<typeof catalogListingAbandoned>;

export type SeriesCommand =
  | ({ readonly do: 'start' } & Omit<Started['data'], 'sequence' | 'first_number'>)
  | {
      readonly do: 'complete';
      readonly series: string;
      readonly listing: string;
      readonly job: string;
      /** New entries. */
      readonly added: number;
      readonly entries: number;
      readonly idBase: number;
    }
  | { readonly do: 'abandon'; readonly series: string; readonly listing: string };

const VOID = 'Another listing of this client’s archives has begun, so this one is void: list the archive again.';

export const voidListing = (): AppError => new AppError('conflict', VOID);

const start = (
  { do: _do, ...data }: Extract<SeriesCommand, { do: 'start' }>,
  state: SeriesState,
): readonly SeriesEvent[] => {
  if (state.listing?.uuid === data.listing) return [];
  if (state.completed === data.listing) throw new AppError('conflict', 'This listing is complete already.');
  return [
    { type: 'catalog-listing-started', data: { ...data, sequence: state.sequence + 1, first_number: state.next } },
  ];
};

const complete = (
  { series, listing, job, added, entries, idBase }: Extract<SeriesCommand, { do: 'complete' }>,
  state: SeriesState,
): readonly SeriesEvent[] => {
  if (state.completed === listing) return [];
  if (state.listing?.uuid !== listing) throw voidListing();
  const { sequence } = state.listing;
  const data = { series, listing, job, sequence, next_number: state.next + added, id_base: idBase, entries };
  return [{ type: 'catalog-listing-completed', data }];
};

export const seriesDecider: Decider<SeriesState, SeriesCommand, SeriesEvent> = {
  initialState: { sequence: 0, next: 0, listing: null, completed: null },
  decide: (command, state) => {
    switch (command.do) {
      case 'start':
        return start(command, state);
      case 'complete':
        return complete(command, state);
      case 'abandon':
        return state.listing?.uuid === command.listing
          ? [{ type: 'catalog-listing-abandoned', data: { series: command.series, listing: command.listing } }]
          : [];
    }
  },
  evolve: (state, { type, data }) => {
    switch (type) {
      case 'catalog-listing-started':
        return {
          ...state,
          sequence: data.sequence,
          listing: { uuid: data.listing, sequence: data.sequence },
        };
      case 'catalog-listing-completed':
        return { ...state, next: data.next_number, listing: null, completed: data.listing };
      case 'catalog-listing-abandoned':
        return { ...state, listing: null };
    }
  },
};
