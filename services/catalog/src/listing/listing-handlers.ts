import {
  archiveStream,
  FINGERPRINT_LENGTH,
  listingStream,
  NUMBERS_MAX,
  seriesStream,
  type CatalogEvent,
  type catalogCommands,
  type RpcHandlers,
  type RpcInput,
} from '@cyborgbackup/contracts';
import { eventId, handleCommand, loadState } from '@cyborgbackup/event-store';
import { AppError, currentContext, systemContext } from '@cyborgbackup/kernel';
import { WAIT_MILLIS } from '@cyborgbackup/projections';
import { drawIdBlock, type ServiceDeps } from '@cyborgbackup/service';
import { archiveDecider } from '../archive/decider.ts';
import { catalogProjection } from '../fold/catalog-projection.ts';
import type { CurrentListing } from '../fold/listing-step.ts';
import { seriesDecider, seriesUuid } from '../series/decider.ts';
import { findCurrentListing, findEntries, findUnseen, type SeenRange } from './listing-queries.ts';

type ListingCall = 'begin' | 'match' | 'addEntries' | 'removeEntries' | 'markBroken' | 'complete' | 'abandon';
type Commands = typeof catalogCommands;

const GONE = 'The archive was deleted from its repository, so it is not catalogued.';

const INCOMPLETE = 'Parts of this listing are missing: list the archive again.';

/** Events of `removeEntries` by part of the numbers: more of them than one part can have. */
const EVENTS_PER_PART = 1_000_000;

const cut = (fingerprints: string): string[] => {
  const each: string[] = [];
  for (let at = 0; at < fingerprints.length; at += FINGERPRINT_LENGTH) {
    each.push(fingerprints.slice(at, at + FINGERPRINT_LENGTH));
  }
  return each;
};

const text = (position: bigint | undefined): string => (position ?? 0n).toString();

/** What the catalog does while an archive is listed; see `ListingSession` for how these calls go together. */
export const createListingHandlers = (deps: ServiceDeps): Pick<RpcHandlers<typeof catalogCommands>, ListingCall> => {
  const { pool, store, codec } = deps;
  const handle = handleCommand({ ...deps, service: 'catalog' }, seriesDecider);

  /** Once, however often it is called with the same name. */
  const record = async (listing: string, name: string, event: CatalogEvent): Promise<string> => {
    const stream = listingStream(listing);
    const context = currentContext() ?? systemContext('catalog');
    const encoded = await codec.encode(event, { id: eventId(name, stream, 0), context });
    return text((await store.append(stream, [encoded], 'any')).position);
  };

  const refuseIfGone = async (job: string): Promise<void> => {
    const { state } = await loadState(deps, archiveDecider, archiveStream(job));
    if (state.isGone) throw new AppError('conflict', GONE);
  };

  /** @throws AppError `conflict` unless the stream has just so many events */
  const checkEvents = async (listing: string, events: number): Promise<void> => {
    let last = 0;
    for await (const { version } of store.readStream(listingStream(listing), { from: Math.max(1, events) }))
      last = version;
    if (last !== events) throw new AppError('conflict', INCOMPLETE);
  };

  const recordRemoved = async (
    { series, listing, part }: RpcInput<Commands['removeEntries']>,
    current: CurrentListing,
    range: SeenRange,
  ): Promise<{ removed: number; events: number }> => {
    const sum = { removed: 0, events: 0 };
    let { from } = range;
    for (;;) {
      const numbers = await findUnseen(pool, current, { ...range, from }, NUMBERS_MAX);
      if (numbers.length === 0) return sum;
      const number = (part - 1) * EVENTS_PER_PART + sum.events + 1;
      const data = { series, listing, part: number, numbers: [...numbers] };
      await record(listing, `removed-${number}`, { type: 'catalog-entries-removed', data });
      sum.removed += numbers.length;
      sum.events += 1;
      from = (numbers.at(-1) ?? range.to) + 1;
    }
  };

  return {
    begin: async ({ listing, job, ...owner }) => {
      await refuseIfGone(job);
      const series = seriesUuid(owner);
      const { position } = await handle(seriesStream(series), { type: 'start', series, listing, job, ...owner });
      await deps.waiter.waitForProjections([catalogProjection.name], position ?? 0n, WAIT_MILLIS.listing);
      const { next_number, previous_entries } = await findCurrentListing(pool, { series, listing });
      return { series, first_number: next_number, previous_entries };
    },
    match: async ({ folders, folder, ...input }) => {
      const fingerprints = cut(input.fingerprints);
      const numbers = fingerprints.map(() => -1);
      const more: [number, number][] = [];
      const listing = await findCurrentListing(pool, input);
      for (const { at, number } of await findEntries(pool, listing, { folders, folder, fingerprints })) {
        if (numbers[at] === -1) numbers[at] = number;
        else more.push([at, number]);
      }
      return { numbers, more };
    },
    addEntries: async (data) => {
      await findCurrentListing(pool, data);
      return { position: await record(data.listing, `add-${data.batch}`, { type: 'catalog-entries-added', data }) };
    },
    removeEntries: async (input) => {
      const listing = await findCurrentListing(pool, input);
      const seen = Buffer.from(input.seen, 'base64');
      return recordRemoved(input, listing, { from: input.from, to: input.to, seen, origin: input.from });
    },
    markBroken: async (data) => {
      await findCurrentListing(pool, data);
      const event = { type: 'catalog-entries-broken', data } as const;
      return { position: await record(data.listing, `broken-${data.part}`, event) };
    },
    complete: async ({ series, listing, job, events, added, entries, unsafe }) => {
      await refuseIfGone(job);
      await checkEvents(listing, events);
      const { state } = await loadState(deps, seriesDecider, seriesStream(series));
      const idBase = await drawIdBlock(pool, 'catalog_entry', Math.max(1, state.nextNumber + added));
      const command = { type: 'complete', series, listing, job, added, entries, idBase, unsafe } as const;
      return { position: text((await handle(seriesStream(series), command)).position) };
    },
    abandon: async ({ series, listing }) => {
      const { position } = await handle(seriesStream(series), { type: 'abandon', series, listing });
      return { position: text(position) };
    },
  };
};
