/**
 * The catalog: how fast archives come in, what they take, and how fast they are looked at.
 *
 * - `first`, `repeat`, `changed`: entries a second of a first archive, the same once more, and one with a change in a hundred,
 *   through the product's own RPC, from a process that plays an executor to one that is the whole product; until all of it is
 *   recorded (`Accepted`), and until it can be read (`Visible`);
 * - `borg`: entries a second that borg itself lists, of an archive of this machine's programs, and `real`: the same with the
 *   catalog taking them;
 * - `bytesPerEntry`: log and tables of the first archive; `thirtyArchivesRatio`: of thirty daily archives with a change in a
 *   hundred files, against the first of them;
 * - `search`, `folder`, `page`, `path`, `prefix`: answers of the API with twenty million entries of twenty clients.
 *
 * `CATALOG_BENCH_SCALE=0.05` for a quick run with a twentieth of everything; `CATALOG_BENCH_PARTS=ingest,real,space,reads` for some of it.
 */
import type { Figures } from './budget.ts';
import { startBenchSite, type BenchSite } from './catalog/bench-site.ts';
import { fillEntries, SERIES } from './catalog/fill-entries.ts';
import { generateListing } from './catalog/generate-listing.ts';
import { feedAll, listArchive, newOwner } from './catalog/list-archive.ts';
import { makeRealArchive } from './catalog/list-real-archive.ts';
import { measureFolders, measurePages, measurePaths, measurePrefixes, measureSearch } from './catalog/measure-reads.ts';

const SCALE = Number(process.env['CATALOG_BENCH_SCALE'] ?? 1);
const PARTS = new Set((process.env['CATALOG_BENCH_PARTS'] ?? 'ingest,real,space,reads').split(','));

const INGESTED = Math.round(1_000_000 * SCALE);
const DAILY_FILES = Math.round(100_000 * SCALE);
const DAYS = 30;
const CHANGED = 0.01;
const ENTRIES = Math.round((20_000_000 * SCALE) / SERIES);

const bytesTaken = async ({ admin, waitForProjection }: BenchSite): Promise<number> => {
  await waitForProjection();
  const { rows } = await admin.query<{ bytes: string }>(
    `select sum(pg_total_relation_size(c.oid)) as bytes from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind = 'r' and (n.nspname = 'catalog' or n.nspname = 'events' and c.relname = 'events')`,
  );
  return Number(rows[0]?.bytes);
};

const measureIngest = async (site: BenchSite): Promise<Figures> => {
  const owner = newOwner();
  const empty = await bytesTaken(site);
  const first = await listArchive(site, owner, feedAll(generateListing({ entries: INGESTED, seed: 1 })));
  const bytes = (await bytesTaken(site)) - empty;
  const repeat = await listArchive(site, owner, feedAll(generateListing({ entries: INGESTED, seed: 1 })));
  const changes = { changed: CHANGED, round: 1 };
  const changed = await listArchive(site, owner, feedAll(generateListing({ entries: INGESTED, seed: 1, ...changes })));
  return {
    firstAcceptedPerSecond: first.accepted,
    firstVisiblePerSecond: first.visible,
    repeatAcceptedPerSecond: repeat.accepted,
    repeatVisiblePerSecond: repeat.visible,
    changedAcceptedPerSecond: changed.accepted,
    changedVisiblePerSecond: changed.visible,
    bytesPerEntry: Math.round(bytes / INGESTED),
    listerMegabytes: Math.round(process.resourceUsage().maxRSS / 1_024),
    productMegabytes: site.peakMegabytes(),
  };
};

const measureReal = async (site: BenchSite): Promise<Figures> => {
  await using archive = await makeRealArchive();
  let entries = 0;
  const startedAt = performance.now();
  await archive.list(() => {
    entries += 1;
  });
  const alone = Math.round((entries / (performance.now() - startedAt)) * 1_000);
  const { accepted, visible } = await listArchive(site, newOwner(), archive.list);
  return { realEntries: entries, borgPerSecond: alone, realAcceptedPerSecond: accepted, realVisiblePerSecond: visible };
};

const measureSpace = async (site: BenchSite): Promise<Figures> => {
  const owner = newOwner();
  const empty = await bytesTaken(site);
  await listArchive(site, owner, feedAll(generateListing({ entries: DAILY_FILES, seed: 2 })));
  const one = (await bytesTaken(site)) - empty;
  for (let round = 1; round < DAYS; round += 1) {
    const listing = generateListing({ entries: DAILY_FILES, seed: 2, changed: CHANGED, round });
    await listArchive(site, owner, feedAll(listing));
  }
  return { thirtyArchivesRatio: Number((((await bytesTaken(site)) - empty) / one).toFixed(3)) };
};

const measureReads = async (site: BenchSite): Promise<Figures> => {
  await fillEntries(site.admin, ENTRIES);
  return {
    entries: ENTRIES * SERIES,
    ...(await measureSearch(site)),
    ...(await measureFolders(site)),
    ...(await measurePages(site, ENTRIES)),
    ...(await measurePaths(site)),
    ...(await measurePrefixes(site)),
  };
};

export const run = async (): Promise<Figures> => {
  await using site = await startBenchSite();
  return {
    ...(PARTS.has('ingest') ? await measureIngest(site) : {}),
    ...(PARTS.has('real') ? await measureReal(site) : {}),
    ...(PARTS.has('space') ? await measureSpace(site) : {}),
    ...(PARTS.has('reads') ? await measureReads(site) : {}),
  };
};
