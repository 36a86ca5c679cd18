import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { insertSeries, type TestEntry } from '../../testing/catalog-rows.ts';
import { startTestGateway, type TestGateway } from '../../testing/test-gateway.ts';

/** Paths with characters that are special to LIKE or to a split at slashes, or special to neither; some differ only in their bytes. */
const PATHS = [
  'a',
  'a/b',
  'a/b/c',
  'a/bc',
  'ab',
  'ab/c',
  'a_/c',
  'a_/c%',
  'a%/c',
  'a\\/c',
  'a\\/\\c',
  'a\\/%_',
  'a/new\nline',
  'a/emo\u{1f600}ji',
  'a/o\uFFFDd',
  'o\uFFFDd/o\uFFFDd',
  'A/B',
] as const;

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway();
  for (const series of [1, 2]) {
    const archives = [1, 2].map((sequence) => ({
      archive_name: `archive-${series}-${sequence}`,
      job_uuid: randomUUID(),
      sequence,
      id_base: 1_000 * series + 100 * sequence,
    }));
    for (const { job_uuid, id_base, archive_name } of archives) {
      await gateway.insert('scheduler.jobs', { id: id_base, uuid: job_uuid, archive_name });
    }
    const entries = PATHS.map((path, at): TestEntry => ({ path, to: at % 3 === 0 ? 1 : 2 }));
    await insertSeries(gateway.insert, series, archives, entries);
  }
  // Two names, and two folders, whose bytes differ though what can be read of them does not.
  await gateway.sql(`insert into catalog.entry_names (id, name, raw) values (9999, E'o\uFFFDd', 'b/9k')`);
  await gateway.sql(
    `insert into catalog.folders (series_id, id, path, raw, parent_id) values (2, 9999, E'o\uFFFDd/', 'b/9kLw==', 0)`,
  );
  await gateway.sql(
    `insert into catalog.entries select series_id, number + 50, 9999, 9999, attributes_id, first_archive, last_archive, size, mtime, fingerprint,
       target, target_raw from catalog.entries where series_id = 2 and number in (3, 4)`,
  );
});
afterAll(() => gateway[Symbol.asyncDispose]());

describe('the entries of all archives', () => {
  const ALL = `
    select a.id_base + v.number as id, f.path || n.name as path
      from catalog.archives a
           join catalog.entries v on v.series_id = a.series_id and v.first_archive <= a.sequence and v.last_archive >= a.sequence
           join catalog.folders f on f.series_id = v.series_id and f.id = v.folder_id
           join catalog.entry_names n on n.id = v.name_id
     order by 1`;
  const idsOf = async (filter: string): Promise<number[]> => {
    const { status, body } = await gateway.send(`/api/v1/catalogs/?${filter}&order=id&page_size=200`);
    expect(status, filter).toBe(200);
    return (body.results as { id: number }[]).map(({ id }) => id);
  };

  test('finds entries by path and by prefix exactly like a scan of all entries', async () => {
    const all = (await gateway.sql(ALL)).map(({ id, path }) => ({ id: Number(id), path: String(path) }));
    const ids = (is: (path: string) => boolean): number[] => all.filter(({ path }) => is(path)).map(({ id }) => id);
    const wanted = new Set(['', 'a/', '/', '/a', 'a//', 'none', ...PATHS]);
    for (const path of PATHS)
      for (let end = 1; end < path.length; end += 1) wanted.add(path.slice(0, end).toWellFormed());
    expect(ids((path) => path === 'o\uFFFDd/o\uFFFDd')).toHaveLength(5);
    for (const text of wanted) {
      const encoded = encodeURIComponent(text);
      expect(await idsOf(`path=${encoded}`), text).toEqual(ids((path) => path === text));
      expect(await idsOf(`path__startswith=${encoded}`), text).toEqual(ids((path) => path.startsWith(text)));
    }
  });

  test('finds entries by negated and combined filters of paths', async () => {
    const others = await idsOf('not__path=a/b');
    expect([...others, ...(await idsOf('path=a/b'))].sort((a, b) => a - b)).toEqual(await idsOf('id__gt=0'));
    expect(await idsOf('or__path=a/b&or__path__startswith=ab')).toEqual(await idsOf('path__in=a/b,ab,ab/c'));
    expect(await idsOf('path__istartswith=A/B')).toEqual(await idsOf('path__in=a/b,a/b/c,a/bc,A/B'));
  });
});
