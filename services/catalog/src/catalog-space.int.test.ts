import type { CatalogEntry } from '@cyborgbackup/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { file, owner, startCatalogHost, type CatalogHost } from './testing/catalog-host.ts';

/* The catalog's promise, at a tenth of the size: thirty daily archives with one change in a hundred files. See bench/catalog.ts. */

const FILES = 10_000;
const DAYS = 30;
const CHANGED_PER_DAY = 100;

let host: CatalogHost;

beforeAll(async () => {
  host = await startCatalogHost();
});

afterAll(() => host?.[Symbol.asyncDispose]());

/** Day n's listing: each day another hundred files, spread over all folders, have a new size and time. */
const listing = (day: number): CatalogEntry[] =>
  Array.from({ length: FILES }, (_, at) => {
    const age = Math.max(
      0,
      ...Array.from({ length: day }, (_each, n) => (((at * 7_919) % FILES) % 100 === n ? n + 1 : 0)),
    );
    return file(`srv/data/folder-${at % 700}/document number ${at}.txt`, {
      size: at * 31 + age,
      mtime: 1_767_225_600_000_000 + at * 1_000_003 + age * 86_400_000_000,
    });
  });

/** Log and tables, but not the index for searches: what that keeps for later alone takes more than all of one archive here. */
const BYTES = `
  select (sum(pg_total_relation_size(c.oid)) filter (where c.relkind = 'r')
          - sum(pg_relation_size(c.oid)) filter (where c.relkind = 'i' and m.amname = 'gin'))::float8 as bytes
    from pg_class c
         join pg_namespace n on n.oid = c.relnamespace
         left join pg_am m on m.oid = c.relam
   where n.nspname = 'catalog' or c.relname = 'events'`;

const bytes = async (): Promise<number> => {
  await host.waitForProjection();
  const [row] = await host.rows(BYTES);
  return Number(row?.['bytes']);
};

test('stores thirty archives in less than 1.6 times the space of one', async () => {
  const empty = await bytes();
  await host.list(await host.backUp('day-0'), listing(0), owner);
  const one = (await bytes()) - empty;
  for (let day = 1; day < DAYS; day += 1) await host.list(await host.backUp(`day-${day}`), listing(day), owner);
  const all = (await bytes()) - empty;
  const entries = await host.rows('select count(*)::int as count from catalog.entries');
  expect(entries).toEqual([{ count: FILES + (DAYS - 1) * CHANGED_PER_DAY }]);
  expect(all / one).toBeLessThan(1.6);
});
