import type { catalogListingAbandoned, catalogListingCompleted, catalogListingStarted } from '@cyborgbackup/contracts';
import { AppError, nameUuid, type Decider, type EventOf } from '@cyborgbackup/kernel';

/*
 * A series of archives, stream `catalog-series-<series>`:
 *
 *   idle      no listing is in progress; the next one is compared with the one that was completed last
 *   listing   one listing is in progress. Another one that starts replaces it, since the executor of the earlier one may be
 *             gone. From then on the earlier one is void: it can neither be completed nor abandoned.
 *
 * Both `complete` and `abandon` lead back to idle. Every command is idempotent.
 */
export interface SeriesState {
  /** Of the latest listing. */
  readonly sequence: number;
  /** The number of the next new entry. */
  readonly nextNumber: number;
  readonly listing: { readonly uuid: string; readonly sequence: number } | null;
  /** The listing that was completed last. */
  readonly completed: string | null;
}

type Started = EventOf<typeof catalogListingStarted>;
type Completed = EventOf<typeof catalogListingCompleted>;
export type SeriesEvent = Started | Completed | EventOf<typeof catalogListingAbandoned>;

export type SeriesCommand =
  | ({ readonly type: 'start' } & Omit<Started['data'], 'sequence' | 'first_number'>)
  | {
      readonly type: 'complete';
      readonly series: string;
      readonly listing: string;
      readonly job: string;
      /** New entries. */
      readonly added: number;
      readonly entries: number;
      readonly idBase: number;
      readonly unsafe: string | null;
    }
  | { readonly type: 'abandon'; readonly series: string; readonly listing: string };

const VOID = 'Another listing of this client’s archives has begun, so this one is void: list the archive again.';

export const voidListing = (): AppError => new AppError('conflict', VOID);

const start = (
  { type: _type, ...data }: Extract<SeriesCommand, { type: 'start' }>,
  state: SeriesState,
): readonly SeriesEvent[] => {
  if (state.listing?.uuid === data.listing) return [];
  if (state.completed === data.listing) throw new AppError('conflict', 'This listing is complete already.');
  return [
    {
      type: 'catalog-listing-started',
      data: { ...data, sequence: state.sequence + 1, first_number: state.nextNumber },
    },
  ];
};

const complete = (
  { series, listing, job, added, entries, idBase, unsafe }: Extract<SeriesCommand, { type: 'complete' }>,
  state: SeriesState,
): readonly SeriesEvent[] => {
  if (state.completed === listing) return [];
  if (state.listing?.uuid !== listing) throw voidListing();
  const { sequence } = state.listing;
  const data = {
    series,
    listing,
    job,
    sequence,
    next_number: state.nextNumber + added,
    id_base: idBase,
    entries,
    unsafe,
  };
  return [{ type: 'catalog-listing-completed', data }];
};

export const seriesDecider: Decider<SeriesState, SeriesCommand, SeriesEvent> = {
  initialState: { sequence: 0, nextNumber: 0, listing: null, completed: null },
  decide: (command, state) => {
    switch (command.type) {
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
        return { ...state, nextNumber: data.next_number, listing: null, completed: data.listing };
      case 'catalog-listing-abandoned':
        return { ...state, listing: null };
    }
  },
};

/**
 * The uuid of the series of one policy, client and machine in a repository, whose uuid is the namespace: always the same. Each
 * of its archives is listed as the difference from the one before.
 */
export const seriesUuid = ({
  repository,
  policy,
  client,
  machine,
}: Pick<Started['data'], 'repository' | 'policy' | 'client' | 'machine'>): string =>
  nameUuid(repository, JSON.stringify([policy, client, machine]));
