import { createLogger, loadConfig } from '@cyborgbackup/kernel';
import { connectProcess, serviceConfig } from '@cyborgbackup/service';
import { execFile } from 'node:child_process';
import { cp, link, lstat, mkdir, readdir, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { logIn, type ApiClient } from '../../demo/api-client.ts';
import { watchLaunch } from '../../demo/watch-job.ts';
import { recordedViolations } from '../testing/openapi-violations.ts';
import { startE2eHost, type E2eHost } from '../testing/e2e-host.ts';
import { jobEnd } from '../testing/job-end.ts';
import { launch, makeThings, PASSPHRASE, type Things } from '../testing/policy.ts';
import { createRecordedFetch } from '../testing/recorded-fetch.ts';
import { compareAll } from '../testing/replay.ts';
import { ADMIN, startWholeProduct, type WholeProduct } from '../testing/whole-product.ts';

/* Two backups of a folder full of awkward things, by borg itself, looked at through everything the API has for archives. */

const quiet = { step: () => undefined, fact: () => undefined, live: () => undefined, endLive: () => undefined };
const run = promisify(execFile);

/** What was started, however far the start came: its disposal must not hide why the start failed. */
const resources = new AsyncDisposableStack();
let product: WholeProduct;
const recorded = createRecordedFetch(() => product.url);
let host: E2eHost;
let api: ApiClient;
let things: Things;
/** As archives have it: without the slash in front. */
let source: string;
const archives: string[] = [];

/** Bytes of names that are not UTF-8, and their path as the API shows it. */
const ODD = Buffer.from([0x6f, 0xff, 0xe9, 0x64]);
const ODD_TEXT = 'o\udcff\udce9d';
const LONG = `${'long '.repeat(40)}name`;

const oddPath = (...rest: Buffer[]): Buffer => Buffer.concat([Buffer.from(`${host.source}/`), ...rest]);

const makeAwkward = async (): Promise<void> => {
  const at = (name: string): string => join(host.source, name);
  for (const name of ['new\nline', `quo"te's`, 'emo\u{1f600}ji', 'tab\there', 'back\\slash', '%41 & +', LONG]) {
    await writeFile(at(name), name);
  }
  await mkdir(oddPath(ODD));
  await writeFile(oddPath(ODD, Buffer.from('/'), ODD), 'odd');
  const deep = join(host.source, ...Array.from({ length: 16 }, () => 'd'.repeat(240)));
  await mkdir(deep, { recursive: true });
  await writeFile(join(deep, 'bottom'), 'deep');
  await writeFile(at('sparse'), '');
  await truncate(at('sparse'), 10_000_000);
  await link(at('sub folder/file 1.bin'), at('hard link'));
  await symlink('../no/such\nplace', at('symbolic link'));
  await run('mknod', [at('device'), 'c', '1', '3']);
  await run('mkfifo', [at('pipe')]);
};

const backUp = async (): Promise<void> => {
  const job = await watchLaunch(api, await launch(api, things.policy), things.policy, quiet);
  expect(job).toMatchObject({ status: 'successful' });
  archives.push(job.archive_name ?? '');
};

beforeAll(async () => {
  vi.stubGlobal('fetch', recorded.fetch);
  product = resources.use(await startWholeProduct());
  api = await logIn(product.url, ADMIN);
  host = resources.use(await startE2eHost(await api.get('/api/v1/settings/get_ssh_publickey/', z.string())));
  source = host.source.slice(1);
  await makeAwkward();
  things = await makeThings(api, host);
  await backUp();
  await writeFile(join(host.source, 'new\nline'), 'changed');
  await rm(join(host.source, 'tab\there'));
  await writeFile(join(host.source, 'added'), 'a new one');
  await backUp();
});

afterAll(() => resources.disposeAsync());

const entry = z.object({
  id: z.number(),
  path: z.string(),
  archive_name: z.string(),
  mode: z.string(),
  size: z.number(),
  owner: z.string(),
  mtime: z.string(),
});
type Entry = z.output<typeof entry>;
const page = <Item extends z.ZodType>(item: Item) =>
  z.object({ count: z.number(), next: z.string().nullable(), previous: z.string().nullable(), results: z.array(item) });

/** All pages, as `next` leads through them. */
const all = async <Item extends z.ZodType>(first: string, item: Item): Promise<z.output<Item>[]> => {
  const found: z.output<Item>[] = [];
  for (let next: string | null = first; next !== null;) {
    const one: { next: string | null; results: z.output<Item>[] } = await api.get(next, page(item));
    found.push(...one.results);
    ({ next } = one);
  }
  return found;
};

const entriesOf = (archive: string, query = ''): Promise<Entry[]> =>
  all(`/api/v1/catalogs/?archive_name=${archive}&page_size=7${query}`, entry);

/** Everything below a folder, with bytes that are not UTF-8 as the API shows them. */
const walk = async (folder: Buffer): Promise<Buffer[]> => {
  const found = [folder];
  for (const name of await readdir(folder, { encoding: 'buffer' })) {
    const path = Buffer.concat([folder, Buffer.from('/'), name]);
    found.push(...((await lstat(path)).isDirectory() ? await walk(path) : [path]));
  }
  return found;
};

const shown = (path: Buffer): string => {
  const text = path.toString('latin1').replaceAll(ODD.toString('latin1'), '\0');
  return Buffer.from(text, 'latin1').toString('utf8').replaceAll('\0', ODD_TEXT).slice(1);
};

describe('the catalog of an archive', () => {
  test('has every path, byte for byte, with what the file system says of it', async () => {
    const entries = await entriesOf(archives[1] ?? '');
    const paths = (await walk(Buffer.from(host.source))).map((path) => [shown(path), path] as const);
    expect(entries.map(({ path }) => path).sort()).toEqual(paths.map(([path]) => path).sort());
    const byPath = new Map(entries.map((each) => [each.path, each]));
    for (const [path, raw] of paths) {
      const { mtimeMs } = await lstat(raw);
      const listed = byPath.get(path);
      expect(listed, path).toMatchObject({ owner: 'root' });
      expect(Math.abs(Date.parse(listed?.mtime ?? '') - mtimeMs), path).toBeLessThan(2);
    }
    expect(byPath.get(`${source}/sparse`)?.size).toBe(10_000_000);
    expect(byPath.get(`${source}/device`)?.mode).toMatch(/^c/);
    expect(byPath.get(`${source}/pipe`)?.mode).toMatch(/^p/);
    expect(byPath.get(`${source}/symbolic link`)?.mode).toMatch(/^l/);
    // One of the two names is the file, the other a link to it; borg says which.
    const linked = ['hard link', 'sub folder/file 1.bin'].map((name) => byPath.get(`${source}/${name}`)?.mode[0]);
    expect(linked.sort()).toEqual(['-', 'h']);
  });

  test('is paged to any depth, with and without the cursor, and counted', async () => {
    const url = `/api/v1/catalogs/?archive_name=${archives[0] ?? ''}&page_size=7`;
    const walked = (await entriesOf(archives[0] ?? '')).map(({ id }) => id);
    const numbered: number[] = [];
    const { count } = await api.get(url, page(entry));
    expect(count).toBe(walked.length);
    for (let number = 1; number <= Math.ceil(count / 7); number += 1) {
      const { results } = await api.get(`${url}&page=${number}`, page(entry));
      numbered.push(...results.map(({ id }) => id));
    }
    expect(numbered).toEqual(walked);
    expect(walked).toEqual([...walked].sort((a, b) => b - a));
    const last = await api.get(`${url}&page=last`, page(entry));
    expect(last.results.map(({ id }) => id)).toEqual(walked.slice(Math.floor((count - 1) / 7) * 7));
    const ascending = await entriesOf(archives[0] ?? '', '&order=id');
    expect(ascending.map(({ id }) => id)).toEqual(walked.toReversed());
    await expect(api.get(`${url}&page=99`, z.unknown())).rejects.toThrow(/404/);
  });

  test('is filtered', async () => {
    const archive = archives[1] ?? '';
    const paths = async (query: string): Promise<string[]> =>
      (await entriesOf(archive, `&order=path&${query}`)).map(({ path }) => path.slice(source.length));
    expect(await paths(`path__startswith=${encodeURIComponent(`${source}/emo`)}`)).toEqual(['/emo\u{1f600}ji']);
    expect(await paths('path__icontains=QUO%22TE')).toEqual([`/quo"te's`]);
    expect(await paths('path__regex=slash%24')).toEqual(['/back\\slash']);
    expect(await paths('size__gte=1000000')).toEqual(['/sparse']);
    expect(await paths(`path=${encodeURIComponent(`${source}/added`)}&owner=root`)).toEqual(['/added']);
    expect(await paths('mtime__lt=2001-01-01')).toEqual([]);
    await expect(entriesOf(archive, '&path__regex=(a*)*$%20(')).rejects.toThrow(/400/);
  });

  test('shows an entry by its id, which is its own in each archive', async () => {
    const path = `${source}/quo"te's`;
    const both = await all(`/api/v1/catalogs/?path=${encodeURIComponent(path)}`, entry);
    expect(both.map(({ archive_name }) => archive_name)).toEqual([archives[1], archives[0]]);
    for (const one of both) {
      expect(await api.get(`/api/v1/catalogs/${one.id}/`, entry)).toEqual(one);
      expect(Number.isSafeInteger(one.id)).toBe(true);
    }
    await expect(api.get('/api/v1/catalogs/999999999/', z.unknown())).rejects.toThrow(/404/);
  });
});

describe('archives', () => {
  const archive = z.object({ name: z.string(), url: z.string(), entries: z.number(), complete: z.boolean() });

  test('are listed, filtered, and looked at one by one', async () => {
    const listed = await all('/api/v1/archives/', archive);
    expect(listed.map(({ name }) => name)).toEqual(archives.toReversed());
    expect(listed.every(({ complete, entries }) => complete && entries > 60)).toBe(true);
    const one = listed[0]!;
    expect(await api.get(one.url, archive)).toEqual(one);
    expect(await all(`/api/v1/archives/?client=${things.client}&healthy=true&order=started`, archive)).toHaveLength(2);
    expect(await all('/api/v1/archives/?client=99', archive)).toEqual([]);
    await expect(api.get('/api/v1/archives/no-such/', archive)).rejects.toThrow(/404/);
  });

  const item = z.object({
    id: z.number().nullable(),
    name: z.string(),
    path: z.string(),
    type: z.string(),
    size: z.number(),
    files: z.number().nullable(),
    target: z.string(),
  });
  const tree = (path: string, more = ''): Promise<z.output<typeof item>[]> =>
    all(`/api/v1/archives/${archives[1] ?? ''}/tree/?page_size=5&path=${encodeURIComponent(path)}${more}`, item);

  test('are browsed folder by folder, with the sizes of folders', async () => {
    const top = await tree('');
    expect(top).toMatchObject([{ id: null, name: 'tmp', path: 'tmp', type: 'd' }]);
    const whole = await entriesOf(archives[1] ?? '');
    const files = whole.filter(({ mode }) => !mode.startsWith('d'));
    expect(top[0]).toMatchObject({ files: files.length, size: files.reduce((sum, { size }) => sum + size, 0) });
    const inside = await tree(`/${source}/`);
    expect(inside.map(({ name }) => name)).toEqual([...new Set(inside.map(({ name }) => name))]);
    expect(inside).toHaveLength((await readdir(host.source)).length);
    expect(inside.find(({ name }) => name === 'sub folder')).toMatchObject({ files: 40, type: 'd' });
    expect(inside.find(({ name }) => name === 'symbolic link')).toMatchObject({ target: '../no/such\nplace' });
    const odd = inside.find(({ name }) => name === ODD_TEXT);
    expect(odd).toMatchObject({ path: `${source}/${ODD_TEXT}`, size: 3, files: 1 });
    expect(await tree('', `&entry=${odd?.id ?? 0}`)).toMatchObject([
      { path: `${source}/${ODD_TEXT}/${ODD_TEXT}`, size: 3 },
    ]);
    await expect(tree('no/such')).rejects.toThrow(/404/);
  });

  const change = z.object({ path: z.string(), change: z.string() });
  const difference = z.object({
    ...page(change).shape,
    added: z.object({ entries: z.number(), bytes: z.number() }),
    removed: z.object({ entries: z.number(), bytes: z.number() }),
    changed: z.object({ entries: z.number(), bytes: z.number() }),
  });

  test('are compared, both ways', async () => {
    const [first = '', second = ''] = archives;
    const forward = await api.get(`/api/v1/archives/${first}/diff/?to=${second}`, difference);
    expect(forward.results).toEqual([
      { path: source, change: 'changed' },
      { path: `${source}/added`, change: 'added' },
      { path: `${source}/new\nline`, change: 'changed' },
      { path: `${source}/tab\there`, change: 'removed' },
    ]);
    expect(forward).toMatchObject({
      count: 4,
      added: { entries: 1, bytes: 9 },
      removed: { entries: 1, bytes: 8 },
      changed: { entries: 2, bytes: -1 },
    });
    const back = await api.get(`/api/v1/archives/${second}/diff/?to=${first}&page_size=3`, difference);
    expect(back).toMatchObject({ count: 4, added: forward.removed, removed: forward.added, changed: { bytes: 1 } });
    expect(back.results).toHaveLength(3);
    expect((await api.get(`/api/v1/archives/${first}/diff/?to=${first}`, difference)).count).toBe(0);
  });
});

describe('files in the catalog', () => {
  const found = z.object({ path: z.string(), archives: z.number(), versions: z.number(), client: z.number() });
  const search = (query: string) =>
    api.get(`/api/v1/search/?${query}`, z.object({ next_page: z.string().nullable(), results: z.array(found) }));

  test('are found by a part of their name in all archives', async () => {
    const { client } = things;
    expect((await search('name=NEW%0ALI')).results).toEqual([
      { path: `${source}/new\nline`, archives: 2, versions: 2, client },
    ]);
    expect((await search('name=tab')).results).toMatchObject([{ path: `${source}/tab\there`, archives: 1 }]);
    expect((await search('name=%25')).results).toMatchObject([{ path: `${source}/%41 & +` }]);
    const first = await search(`name=.bin&page_size=30&client=${client}`);
    expect(first.results).toHaveLength(30);
    const rest = await api.get(first.next_page ?? '', z.object({ next_page: z.null(), results: z.array(found) }));
    expect(new Set([...first.results, ...rest.results].map(({ path }) => path)).size).toBe(40);
    expect((await search('name=.bin&client=99')).results).toEqual([]);
    await expect(search('name=')).rejects.toThrow(/400/);
  });

  const version = z.object({ id: z.number(), size: z.number(), archives: z.number(), first_archive: z.unknown() });

  test('have a history', async () => {
    const path = encodeURIComponent(`/${source}/new\nline`);
    const both = await all(`/api/v1/versions/?path=${path}&client=${things.client}`, version);
    expect(both.map(({ size, archives: count }) => [size, count])).toEqual([
      [7, 1],
      [8, 1],
    ]);
    const same = await all(`/api/v1/versions/?entry=${both[1]?.id ?? 0}`, version);
    expect(same).toEqual(both);
    const [unchanged, ...others] = await all(
      `/api/v1/versions/?path=${encodeURIComponent(`${source}/sparse`)}`,
      version,
    );
    expect(others).toEqual([]);
    expect(unchanged).toMatchObject({ archives: 2, first_archive: { name: archives[0] } });
  });

  test('are told apart by folder in the older way to browse', async () => {
    const escatalog = z.object({ count: z.number(), results: z.array(z.object({ path: z.string() })) });
    const pattern = encodeURIComponent(`${source}/emo[^/]*`);
    const url = `/api/v1/escatalogs/?archive_name=${archives[1] ?? ''}`;
    expect((await api.get(`${url}&path__regexp=${pattern}`, escatalog)).results).toMatchObject([
      { path: `${source}/emo\u{1f600}ji` },
    ]);
    expect((await api.get(url, escatalog)).count).toBe((await entriesOf(archives[1] ?? '')).length);
  });
});

describe('an archive that was deleted behind our back', () => {
  /** The repository as it was before, and what borg remembers of it. */
  const copy = async (from: '' | '.kept', to: '' | '.kept'): Promise<void> => {
    for (const folder of [host.repository, host.borgBase]) {
      await rm(`${folder}${to}`, { recursive: true, force: true });
      await cp(`${folder}${from}`, `${folder}${to}`, { recursive: true });
    }
  };
  const lastCatalogJob = async (archive: string): Promise<number> => {
    const jobs = z.object({ results: z.array(z.object({ id: z.number(), archive_name: z.string().nullable() })) });
    const { results } = await api.get('/api/v1/jobs/?job_type=catalog&order=id', jobs);
    return results.find(({ archive_name }) => archive_name === archive)?.id ?? 0;
  };
  const start = async (url: string): Promise<number> => (await api.post(url, {}, z.object({ job: z.number() }))).job;

  test('cannot be listed again, and leaves the catalog with the next prune', async () => {
    const [gone = ''] = archives;
    const env = {
      ...process.env,
      BORG_PASSPHRASE: PASSPHRASE,
      BORG_BASE_DIR: host.borgBase,
      BORG_RELOCATED_REPO_ACCESS_IS_OK: 'yes',
    };
    await copy('', '.kept');
    await run('borg', ['delete', `${host.repository}::${gone}`], { env });
    const again = await start(`/api/v1/jobs/${await lastCatalogJob(gone)}/relaunch/`);
    const ended = await jobEnd(api, again, 60_000);
    expect(ended).toMatchObject({ status: 'failed', job_explanation: expect.stringContaining(gone) });

    await backUp();
    const names = async (): Promise<string[]> =>
      (await all('/api/v1/archives/?order=started', z.object({ name: z.string() }))).map(({ name }) => name);
    expect(await names()).toEqual(archives.slice(1));
    expect(await entriesOf(gone)).toEqual([]);
    const tab = await api.get('/api/v1/search/?name=tab%09here', z.object({ results: z.array(z.unknown()) }));
    expect(tab.results).toEqual([]);
  });

  test('comes back with a check when it is there again, and can be listed again', async () => {
    const [returned = '', second = ''] = archives;
    await copy('.kept', '');
    const check = await start(`/api/v1/repositories/${things.repository}/check/`);
    expect(await jobEnd(api, check, 60_000)).toMatchObject({ status: 'successful' });
    const archive = z.object({ name: z.string(), complete: z.boolean(), checked: z.string().nullable() });
    const checked = expect.any(String) as string;
    expect(await all('/api/v1/archives/?order=started', archive)).toEqual([
      { name: returned, complete: false, checked },
      { name: second, complete: true, checked },
    ]);
    const again = await start(`/api/v1/jobs/${await lastCatalogJob(returned)}/relaunch/`);
    expect(await jobEnd(api, again, 60_000)).toMatchObject({ status: 'successful' });
    expect((await entriesOf(returned)).map(({ path }) => path)).toContain(`${source}/tab\there`);
  });
});

test('a replay of the log gives the same read models', async () => {
  const { depsOf } = await connectProcess(
    'replay',
    loadConfig(serviceConfig, product.environment),
    createLogger('test', 'silent'),
  );
  const deps = await depsOf('test');
  try {
    for (const { differences } of await compareAll(deps)) expect(differences).toEqual([]);
  } finally {
    await deps.close();
  }
});

test('all that was answered is as the OpenAPI document describes it', async () => {
  expect(await recordedViolations(product.url, recorded)).toEqual([]);
});
