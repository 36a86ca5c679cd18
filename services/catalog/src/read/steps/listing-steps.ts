import {
  catalogEntriesAdded,
  catalogEntriesBroken,
  catalogEntriesEnded,
  catalogListingAbandoned,
  catalogListingCompleted,
  catalogListingStarted,
  nameStart,
  unpackEntries,
} from '@cyborgbackup/contracts';
import type { ProjectionStep } from '@cyborgbackup/projections';
import { collectArchive, collectBefore } from './collect.ts';
import { findShown, replaceBroken, settleSeries, showArchive } from './complete-listing.ts';
import { endVersions, insertEnding } from './end-versions.ts';
import { findListing, findSeries, openListingOf } from './find-series.ts';
import { insertEntries } from './insert-entries.ts';
import { insertPendingBroken } from './mark-broken.ts';
import { sumListing } from './sum-listing.ts';
import { insertSeries, openListing, undoListing } from './start-listing.ts';
import { typed } from './typed-step.ts';

/** Only one listing of a series is under way: what an earlier one has left unfinished is taken back. */
const started: ProjectionStep = typed(catalogListingStarted, async (target, { data }) => {
  const row = await findSeries(target, data.series);
  if (row?.listing) await undoListing(target, openListingOf(row));
  await openListing(target, row?.id ?? (await insertSeries(target, data.series)), data);
});

const added: ProjectionStep = typed(catalogEntriesAdded, async (target, { data }) => {
  const listing = await findListing(target, data);
  if (!listing) return;
  const entries = unpackEntries(data.entries).map((entry, at) => {
    const start = nameStart(entry.path);
    return { number: data.first + at, folder: entry.path.slice(0, start), name: entry.path.slice(start), entry };
  });
  await insertEntries(target, listing, entries);
});

const ended: ProjectionStep = typed(catalogEntriesEnded, async (target, { data }) => {
  const listing = await findListing(target, data);
  if (!listing) return;
  await endVersions(target, listing, data.numbers);
  await insertEnding(target, listing, data.part, data.numbers);
});

const broken: ProjectionStep = typed(catalogEntriesBroken, async (target, { data }) => {
  const listing = await findListing(target, data);
  if (listing) await insertPendingBroken(target, listing.series, data.numbers);
});

const completed: ProjectionStep = typed(catalogListingCompleted, async (target, { data }) => {
  const listing = await findListing(target, data);
  if (!listing) return;
  const { job, sequence, next, entries } = data;
  const shown = await findShown(target, job);
  const facts = { series: listing.series, job, sequence, next, idBase: data.id_base, entries };
  if (listing.previousEntries > 0) await sumListing(target, { ...listing, next });
  await settleSeries(target, facts);
  await showArchive(target, facts);
  await replaceBroken(target, facts);
  await collectBefore(target, listing.series, sequence);
  if (shown) await collectArchive(target, shown.series, shown.sequence);
});

const abandoned: ProjectionStep = typed(catalogListingAbandoned, async (target, { data }) => {
  const listing = await findListing(target, data);
  if (listing) await undoListing(target, listing);
});

/** A listing, from its beginning to its end. */
export const listingSteps = {
  [catalogListingStarted.type]: started,
  [catalogEntriesAdded.type]: added,
  [catalogEntriesEnded.type]: ended,
  [catalogEntriesBroken.type]: broken,
  [catalogListingCompleted.type]: completed,
  [catalogListingAbandoned.type]: abandoned,
};
