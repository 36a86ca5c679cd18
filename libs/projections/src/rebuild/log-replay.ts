import { delay, type RecordedEvent } from '@cyborgbackup/kernel';
import { decodeEvents } from '../fold/decode-events.ts';
import { eventTypesOf, type ProjectionOptions } from '../define/projection.ts';

/** Largest page that a store gives. */
const PAGE_SIZE = 5_000;

/** While the store settles whether a gap in the log will still be filled. */
const GAP_MILLIS = 5;

interface DecodedPage {
  readonly events: readonly RecordedEvent[];
  readonly position: bigint;
}

export interface Replay {
  readonly options: Pick<ProjectionOptions, 'store' | 'codec' | 'projection' | 'signal'>;
  /** Takes one page's events, then `afterPage` hears how far that is. */
  readonly apply: (events: readonly RecordedEvent[], position: bigint) => Promise<void>;
  /** Positions of events to leave out. */
  readonly skipped: ReadonlySet<bigint>;
  /** Called after each page, with how far the fold is; here memory is kept in bounds. */
  readonly afterPage: (position: bigint) => Promise<void>;
}

/**
 * Folds the log from after one position to another, both given; the next page is read and decoded while this one is
 * folded. It ends exactly at `to`.
 */
export const replayLog = async (replay: Replay, after: bigint, to: bigint): Promise<void> => {
  const { options, apply, skipped, afterPage } = replay;
  const { store, codec, projection, signal } = options;
  const types = eventTypesOf(projection);

  const readPage = async (from: bigint): Promise<DecodedPage> => {
    const page = await store.readAll({ after: from, limit: PAGE_SIZE, types: [...types] });
    const wanted = page.events.filter(
      ({ type, position }) => types.has(type) && position <= to && !skipped.has(position),
    );
    const position = page.position < to ? page.position : to;
    return { events: await decodeEvents(codec, wanted), position };
  };

  let reached = after;
  let next = reached < to ? readPage(reached) : undefined;
  while (next) {
    const page = await next;
    signal.throwIfAborted();
    if (page.position === reached) await delay(GAP_MILLIS, signal);
    reached = page.position;
    next = reached < to ? readPage(reached) : undefined;
    // whoever awaits it gets the error; until then it must not count as unhandled
    next?.catch(() => undefined);
    await apply(page.events, reached);
    await afterPage(reached);
  }
};
