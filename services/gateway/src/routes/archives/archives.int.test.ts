import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { insertSeries, type TestEntry } from '../../testing/catalog-rows.test.ts';
import { startTestGateway, type TestGateway } from '../../testing/test-gateway.test.ts';

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

beforeAll(async () => {
  gateway = await startTestGateway();
  const archives = ['web-1', 'web-2', 'db-1'].map((archive_name) => ({ archive_name, job_uuid: randomUUID() }));
  for (const [at, { archive_name, job_uuid }] of archives.entries()) {
    await gateway.insert('scheduler.jobs', { id: at + 1, uuid: job_uuid, archive_name });
  }
  const listed = archives.map((archive, at) => ({ ...archive, sequence: (at % 2) + 1, id_base: 1_000 * (at + 1) }));
  await insertSeries(gateway.insert, 1, listed.slice(0, 2), WEB);
  await insertSeries(gateway.insert, 2, listed.slice(2), DB);
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
  ])('%s differs from %s by what they hold', async (from, to) => {
    const { status, body } = await get(`${from}/diff/?to=${to}`);
    expect(status).toBe(200);
    const wanted = truth(from, to);
    expect(body.count).toBe(wanted.length);
    expect(body.results.map(({ path }: { path: string }) => path).sort()).toEqual(wanted.map(({ path }) => path));
    expect(body.results).toEqual(expect.arrayContaining(wanted.map((each) => expect.objectContaining(each) as object)));
  });

  test('are told apart by entries and bytes', async () => {
    const { body } = await get('web-2/diff/?to=db-1');
    expect(body).toMatchObject({
      added: { entries: 2, bytes: 36 },
      removed: { entries: 1, bytes: 11 },
      changed: { entries: 2, bytes: 63 },
    });
  });
});
