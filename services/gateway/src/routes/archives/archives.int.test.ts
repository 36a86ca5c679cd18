import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { insertSeries, type TestEntry } from '../../testing/catalog-rows.ts';
import { startTestGateway, type TestGateway } from '../../testing/test-gateway.ts';

/** Two machines with much in common; the second archive of the first lacks what the first one had last. */
const WEB: readonly TestEntry[] = [
  { path: 'etc', type: 'd' },
  { path: 'etc/hosts', size: 5 },
  { path: 'etc/motd', size: 7 },
  { path: 'srv', type: 'd' },
  { path: 'srv/empty', type: 'd' },
  { path: 'srv/only-web', size: 11 },
  { path: 'srv/hosts', size: 13, to: 1 },
];
const DB: readonly TestEntry[] = [
  { path: 'etc', type: 'd' },
  { path: 'etc/hosts', size: 5 },
  { path: 'etc/motd', size: 70 },
  { path: 'srv', type: 'd' },
  { path: 'srv/empty', type: 'd', mode: 'drwx------' },
  { path: 'srv/hosts', size: 17 },
  { path: 'var/only-db', size: 19 },
];

let gateway: TestGateway;
const get = (path: string) => gateway.send(`/api/v1/archives/${path}`);

/** Archives of one series, `name-1`, `name-2` …. Entries of the first of series 3 have ids from 31000 on. */
const addSeries = async (series: number, name: string, count: number, entries: readonly TestEntry[]): Promise<void> => {
  const archives = Array.from({ length: count }, (_, at) => ({
    archive_name: `${name}-${at + 1}`,
    job_uuid: randomUUID(),
    sequence: at + 1,
    id_base: 10_000 * series + 1_000 * (at + 1),
  }));
  for (const { archive_name, job_uuid, id_base } of archives) {
    await gateway.insert('scheduler.jobs', { id: id_base, uuid: job_uuid, archive_name });
  }
  await insertSeries(gateway.insert, series, archives, entries);
};

beforeAll(async () => {
  gateway = await startTestGateway();
  await addSeries(1, 'web', 2, WEB);
  await addSeries(2, 'db', 1, DB);
});
afterAll(() => gateway[Symbol.asyncDispose]());

describe('archives of different series', () => {
  const has = (entries: readonly TestEntry[], sequence: number): ReadonlyMap<string, TestEntry> =>
    new Map(entries.filter(({ to = sequence }) => to >= sequence).map((entry) => [entry.path, entry]));
  const contents = { 'web-1': has(WEB, 1), 'web-2': has(WEB, 2), 'db-1': has(DB, 1) };
  type Name = keyof typeof contents;

  /** What the difference is, entry by entry. */
  const truth = (from: Name, to: Name) => {
    const [before, after] = [contents[from], contents[to]];
    const same = (path: string): boolean => JSON.stringify(before.get(path)) === JSON.stringify(after.get(path));
    const size = (entry?: TestEntry): unknown =>
      entry ? (expect.objectContaining({ size: entry.size ?? 0 }) as unknown) : null;
    return [...new Set([...before.keys(), ...after.keys()])]
      .filter((path) => !same(path))
      .sort()
      .map((path) => ({ path, from: size(before.get(path)), to: size(after.get(path)) }));
  };

  test.each<[Name, Name]>([
    ['web-1', 'db-1'],
    ['db-1', 'web-1'],
    ['web-2', 'db-1'],
    ['db-1', 'web-2'],
  ])('compares %s with %s entry by entry', async (from, to) => {
    const { status, body } = await get(`${from}/diff/?to=${to}`);
    expect(status).toBe(200);
    const wanted = truth(from, to);
    expect(body.count).toBe(wanted.length);
    const paths = (body.results as { path: string }[]).map(({ path }) => path);
    expect(paths.sort()).toEqual(wanted.map(({ path }) => path));
    expect(body.results).toEqual(expect.arrayContaining(wanted.map((each) => expect.objectContaining(each) as object)));
  });

  test('counts the entries and bytes of a difference', async () => {
    const { body } = await get('web-2/diff/?to=db-1');
    expect(body).toMatchObject({
      added: { entries: 2, bytes: 36 },
      removed: { entries: 1, bytes: 11 },
      changed: { entries: 2, bytes: 63 },
    });
  });
});

describe('the tree of an archive', () => {
  const EMPTY = { status: 200, body: { path: 'srv/empty', count: 0, files: 0, size: 0, results: [] } };

  test('shows empty folders in the tree', async () => {
    const { body } = await get('web-1/tree/?path=srv');
    const { id } = (body.results as { id: number; path: string }[]).find(({ path }) => path === 'srv/empty') ?? {};
    expect(await get('web-1/tree/?path=srv/empty')).toMatchObject(EMPTY);
    expect(await get(`web-1/tree/?entry=${id}`)).toMatchObject(EMPTY);
    expect(await get('web-1/tree/?path=srv')).toMatchObject({ status: 200, body: { count: 3, files: 2 } });
  });

  test('shows a folder in the tree that was emptied in a later archive', async () => {
    await addSeries(3, 'emptied', 2, [
      { path: 'kept', type: 'd' },
      { path: 'kept/file', to: 1 },
      { path: 'gone', type: 'd', to: 1 },
      { path: 'gone/file', to: 1 },
      { path: 'still', type: '-' },
    ]);
    await gateway.sql(
      `insert into catalog.folder_totals (series_id, folder_id, sequence, entries, files, bytes)
       select series_id, id, 2, -1, -1, 0 from catalog.folders where series_id = 3 and path <> ''`,
    );
    expect(await get('emptied-1/tree/?path=/kept/')).toMatchObject({ status: 200, body: { count: 1 } });
    expect(await get('emptied-2/tree/?path=/kept/')).toMatchObject({ status: 200, body: { count: 0, results: [] } });
    expect(await get('emptied-2/tree/?path=gone')).toMatchObject({ status: 404 });
    expect(await get('emptied-2/tree/?path=still')).toMatchObject({ status: 404 });
    expect(await get('emptied-2/tree/?entry=32004')).toMatchObject({ status: 404 });
    expect(await get('emptied-2/tree/?entry=32000')).toMatchObject({ status: 200, body: { path: 'kept', count: 0 } });
  });
});
