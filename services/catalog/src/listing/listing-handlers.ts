import {
  catalogStream,
  FINGERPRINT_LENGTH,
  listingStream,
  NUMBERS_MAX,
  seriesStream,
  type CatalogEvent,
  type catalogCommands,
  type RpcInput,
  type RpcOutput,
} from '@cyborgbackup/contracts';
import { eventId, handleCommand, loadState } from '@cyborgbackup/event-store';
import { AppError, currentContext, systemContext } from '@cyborgbackup/kernel';
import { commandDeps, drawIdBlock, type ServiceParts } from '@cyborgbackup/service';
import { archiveDecider } from '../archive/decider.ts';
import { findListing, type CurrentListing } from '../read/find-listing.ts';
import { findUnseen, type SeenRange } from '../read/find-unseen.ts';
import { findVersions } from '../read/find-versions.ts';
import type { ReadModel } from '../read/read-model.ts';
import { seriesDecider } from '../series/decider.ts';
import { seriesUuid } from '../series/series-uuid.ts';

type Commands = typeof catalogCommands;

/** What the catalog does while an archive is listed; see `ListingSession` for how these calls go together. */
export type ListingHandlers = {
  readonly [Name in 'begin' | 'match' | 'add' | 'end' | 'markBroken' | 'complete' | 'abandon']: (
    input: RpcInput<Commands[Name]>,
  ) => Promise<RpcOutput<Commands[Name]>>;
};

const GONE = 'The archive was deleted from its repository, so it is not catalogued.';

const INCOMPLETE = 'Parts of this listing are missing: list the archive again.';

/** Events of `end` by part of the numbers: more of them than one part can have. */
const EVENTS_PER_PART = 1_000_000;

const cut = (fingerprints: string): string[] => {
  const parts: string[] = [];
  for (let at = 0; at < fingerprints.length; at += FINGERPRINT_LENGTH) {
    parts.push(fingerprints.slice(at, at + FINGERPRINT_LENGTH));
  }
  return parts;
};

const text = (position: bigint | undefined): string => (position ?? 0n).toString();

export const createListingHandlers = (parts: ServiceParts, readModel: ReadModel): ListingHandlers => {
  const { pool, store, codec } = parts;
  const handle = handleCommand(commandDeps(parts, 'catalog'), seriesDecider);

  /** Once, however often it is called with the same name. */
  const record = async (attempt: string, name: string, event: CatalogEvent): Promise<string> => {
    const stream = listingStream(attempt);
    const context = currentContext() ?? systemContext('catalog');
    const encoded = await codec.encode(event, { id: eventId(name, stream, 0), context });
    return text((await store.append(stream, [encoded], 'any')).position);
  };

  const refuseIfGone = async (job: string): Promise<void> => {
    const { state } = await loadState(parts, archiveDecider, catalogStream(job));
    if (state.isGone) throw new AppError('conflict', GONE);
  };

  /** @throws AppError `conflict` unless the stream has just so many events */
  const checkEvents = async (attempt: string, events: number): Promise<void> => {
    let last = 0;
    for await (const { version } of store.readStream(listingStream(attempt), { from: Math.max(1, events) }))
      last = version;
    if (last !== events) throw new AppError('conflict', INCOMPLETE);
  };

  const recordEnds = async (
    { series, attempt, part }: RpcInput<Commands['end']>,
    listing: CurrentListing,
    range: SeenRange,
  ): Promise<{ ended: number; events: number }> => {
    const sum = { ended: 0, events: 0 };
    let { from } = range;
    for (;;) {
      const numbers = await findUnseen(pool, listing, { ...range, from }, NUMBERS_MAX);
      if (numbers.length === 0) return sum;
      const number = (part - 1) * EVENTS_PER_PART + sum.events + 1;
      const data = { series, attempt, part: number, numbers: [...numbers] };
      await record(attempt, `end-${number}`, { type: 'catalog-entries-ended', data });
      sum.ended += numbers.length;
      sum.events += 1;
      from = (numbers.at(-1) ?? range.to) + 1;
    }
  };

  return {
    begin: async ({ attempt, job, ...owner }) => {
      await refuseIfGone(job);
      const series = seriesUuid(owner);
      const { position } = await handle(seriesStream(series), { do: 'start', series, attempt, job, ...owner });
      await readModel.reaches(position ?? 0n);
      const { next_number, previous_entries } = await findListing(pool, { series, attempt });
      return { series, first: next_number, open: previous_entries };
    },
    match: async ({ folders, folder, ...input }) => {
      const fingerprints = cut(input.fingerprints);
      const numbers = fingerprints.map(() => -1);
      const more: [number, number][] = [];
      const listing = await findListing(pool, input);
      for (const { at, number } of await findVersions(pool, listing, { folders, folder, fingerprints })) {
        if (numbers[at] === -1) numbers[at] = number;
        else more.push([at, number]);
      }
      return { numbers, more };
    },
    add: async (data) => {
      await findListing(pool, data);
      return { position: await record(data.attempt, `add-${data.batch}`, { type: 'catalog-entries-added', data }) };
    },
    end: async (input) => {
      const listing = await findListing(pool, input);
      const seen = Buffer.from(input.seen, 'base64');
      return recordEnds(input, listing, { from: input.from, to: input.to, seen, origin: input.from });
    },
    markBroken: async (data) => {
      await findListing(pool, data);
      const event = { type: 'catalog-entries-broken', data } as const;
      return { position: await record(data.attempt, `broken-${data.part}`, event) };
    },
    complete: async ({ series, attempt, job, events, added, entries }) => {
      await refuseIfGone(job);
      await checkEvents(attempt, events);
      const { state } = await loadState(parts, seriesDecider, seriesStream(series));
      const idBase = await drawIdBlock(pool, 'catalog_entry', Math.max(1, state.next + added));
      const command = { do: 'complete', series, attempt, job, added, entries, idBase } as const;
      return { position: text((await handle(seriesStream(series), command)).position) };
    },
    abandon: async ({ series, attempt }) => {
      const { position } = await handle(seriesStream(series), { do: 'abandon', series, attempt });
      return { position: text(position) };
    },
  };
};
