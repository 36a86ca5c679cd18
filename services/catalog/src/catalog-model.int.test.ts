import { catalogCommands, type CatalogEntry } from '@cyborgbackup/contracts';
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { file, line, startCatalogHost, type CatalogHost } from './testing/catalog-host.ts';

/*
 * The catalog against the simplest model there is: for each archive, the very list that was sent. Whatever is listed, listed
 * again, abandoned, removed, found again and checked in whatever order, the catalog shows each archive as the model has it, the sums of
 * folders are those of the files, nothing is kept that no archive needs, and a replay of the log gives the same rows.
 */

let host: CatalogHost;

beforeAll(async () => {
  host = await startCatalogHost();
});

afterAll(() => host?.[Symbol.asyncDispose]());

const path = fc.constantFrom(
  ...['a', 'a/b', 'a/b/c', 'a/b/d', 'e', 'e/f/g', 'x/\udcff/y', 'x/é', 'a/b/c/deep', '.', '/top', 'a//b', '/', 'e/f/'],
);
const entry = fc
  .record({
    path,
    size: fc.nat({ max: 3 }),
    type: fc.constantFrom('-', 'd'),
    healthy: fc.boolean(),
    target: fc.constantFrom('', 't\udc80'),
  })
  .map(({ path: at, ...changes }) => file(at, changes));
const listing = fc.array(entry, { maxLength: 10 });

const archive = fc.nat({ max: 4 });
const action = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant('list' as const), archive, entries: listing }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('remove' as const), archive }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('reconcile' as const), archive }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('abandon' as const), archive, entries: listing }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('lose' as const), archive, entries: listing }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('check' as const), archive, path }) },
);
type Action = typeof action extends fc.Arbitrary<infer T> ? T : never;

interface Modelled {
  readonly job: string;
  readonly name: string;
  readonly borgId: string;
  entries: readonly CatalogEntry[] | undefined;
  broken: string | undefined;
  isGone: boolean;
}

/** An archive's listing fails after its ends were recorded; `abandon` is not always called. */
const interruptListing = async (
  job: string,
  of: ReturnType<typeof newOwner>,
  entries: readonly CatalogEntry[],
  abandon: boolean,
) => {
  const listing = randomUUID();
  const session = await host.begin(job, listing, of);
  for (const each of entries) await session.add(each);
  const { series, first_number: first } = await host.call(catalogCommands.begin, { listing, job, ...of });
  if (first > 0) {
    await host.call(catalogCommands.removeEntries, { series, listing, part: 1, from: 0, to: first, seen: '' });
  }
  if (abandon) await session.abandon();
};

const newOwner = () => ({ repository: randomUUID(), policy: randomUUID(), client: randomUUID(), machine: '' });

const apply = async (of: ReturnType<typeof newOwner>, archives: Modelled[], step: Action): Promise<void> => {
  const target = archives[step.archive]!;
  if (step.type === 'remove') {
    target.isGone = true;
    await host.call(catalogCommands.removeArchive, { repository: of.repository, archive: target.name, reason: 'test' });
  } else if (step.type === 'reconcile') {
    if (target.isGone) Object.assign(target, { isGone: false, entries: undefined, broken: undefined });
    const found = { name: target.name, borg_id: target.borgId };
    const known_until = (await host.deps.store.head()).toString();
    const page = { after: target.borgId.slice(0, -1), until: target.borgId, archives: [found] };
    await host.call(catalogCommands.reconcile, { repository: of.repository, known_until, ...page });
  } else if (step.type === 'check') {
    if (!target.isGone) target.broken = step.path;
    const findings = { archive_healthy: false, broken_paths: [step.path], checked_at: '2026-01-01T00:00:00Z' };
    await host.waitForProjection();
    if (target.entries === undefined) target.broken = undefined;
    await host.call(catalogCommands.recordFindings, { job: target.job, ...findings });
  } else if (target.isGone) {
    await expect(host.begin(target.job, undefined, of)).rejects.toThrow(/was deleted/);
  } else if (step.type === 'list') {
    target.entries = step.entries;
    await host.list(target.job, step.entries, of);
    target.broken = undefined;
  } else {
    await interruptListing(target.job, of, step.entries, step.type === 'abandon');
  }
};

const expected = ({ entries, isGone, broken }: Modelled): string[] =>
  isGone || entries === undefined
    ? []
    : entries.map((each) => line(each.path === broken ? { ...each, healthy: false } : each)).sort();

/** All folders of an archive with what is in and below them. */
const sums = (entries: readonly CatalogEntry[]): Record<string, number[]> => {
  const found: Record<string, number[]> = {};
  for (const { path: whole, type, size } of entries) {
    for (let end = whole.lastIndexOf('/') + 1; ; end = end < 2 ? 0 : whole.lastIndexOf('/', end - 2) + 1) {
      const folder = whole.slice(0, end).replaceAll(/\p{Surrogate}/gu, '\ufffd');
      const sum = (found[folder] ??= [0, 0, 0]);
      sum[0]! += 1;
      sum[1]! += type === 'd' ? 0 : 1;
      sum[2]! += size;
      if (end === 0) break;
    }
  }
  return found;
};

const SUMS = `
  select f.path, sum(t.entries)::int as entries, sum(t.files)::int as files, sum(t.bytes)::int as bytes
    from catalog.archives a
         join catalog.folder_totals t on t.series_id = a.series_id and t.sequence <= a.sequence
         join catalog.folders f on f.series_id = t.series_id and f.id = t.folder_id
   where a.job_uuid = $1 and a.complete and not a.removed
   group by f.path having sum(t.entries) <> 0`;

const KEPT = `
  select e.series_id, e.number from catalog.entries e join catalog.archive_series s on s.id = e.series_id
   where e.last_archive < 2147483647
     and not exists (select from catalog.archives a where a.series_id = e.series_id and a.complete and not a.removed
                        and a.sequence between e.first_archive and e.last_archive)
     and s.listing is null`;

/** Names without an entry, and folders without anything in them. */
const LEFT = `
  select n.name from catalog.entry_names n where not exists (select from catalog.entries e where e.name_id = n.id)
  union all
  select f.path from catalog.folders f
   where not exists (select from catalog.entries e where e.series_id = f.series_id and e.folder_id = f.id)
     and not exists (select from catalog.folders below where below.series_id = f.series_id and below.parent_id = f.id)`;

test('has the entries and totals of a model of whole lists after any sequence of operations', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(action, { minLength: 1, maxLength: 14 }), async (actions) => {
      const of = newOwner();
      const archives: Modelled[] = [];
      for (const index of [0, 1, 2, 3, 4]) {
        const [name, borgId] = [`archive-${index}`, `${index}x`];
        const job = await host.backUp(name, { owner: of, borgId });
        archives.push({ job, name, borgId, entries: undefined, broken: undefined, isGone: false });
      }
      for (const step of actions) await apply(of, archives, step);
      await host.waitForProjection();
      for (const each of archives) {
        expect(await host.entriesOf(each.job)).toEqual(expected(each));
        const sumRows = await host.rows(SUMS, [each.job]);
        const found = Object.fromEntries(sumRows.map(({ path: at, ...sum }) => [String(at), Object.values(sum)]));
        expect(found).toEqual(each.isGone ? {} : sums(each.entries ?? []));
      }
      expect(await host.rows(KEPT)).toEqual([]);
      expect(await host.rows(LEFT)).toEqual([]);
    }),
    { numRuns: Number(process.env['CATALOG_RUNS'] ?? 60), endOnFailure: false },
  );
  const { differences } = await host.replay();
  expect(differences).toEqual([]);
});
