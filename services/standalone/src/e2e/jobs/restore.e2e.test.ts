import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { logIn, type ApiClient } from '../../demo/api-client.ts';
import { watchLaunch } from '../../demo/watch-job.ts';
import { recordedViolations } from '../testing/openapi-violations.ts';
import { startE2eHost, type E2eHost } from '../testing/e2e-host.ts';
import { jobEnd } from '../testing/job-end.ts';
import { launch, makeThings, type Things } from '../testing/policy.ts';
import { createRecordedFetch } from '../testing/recorded-fetch.ts';
import { ADMIN, startWholeProduct, type WholeProduct } from '../testing/whole-product.ts';

/* Everything that brings a file back, through the whole product: restore jobs, downloads and drills. */

const quiet = { step: () => undefined, fact: () => undefined, live: () => undefined, endLive: () => undefined };
const run = promisify(execFile);
const LARGE_BYTES = 30_000_000;

/** What was started, however far the start came: its disposal must not hide why the start failed. */
const resources = new AsyncDisposableStack();
let product: WholeProduct;
const recorded = createRecordedFetch(() => product.url);
let host: E2eHost;
let api: ApiClient;
let things: Things;
let archive: string;
/** As the archive has it: without the slash in front. */
let source: string;
const plainFetch = fetch;

const ODD = Buffer.from([0x6f, 0x64, 0x64, 0xff, 0x0a]);
const oddFile = (): Buffer => Buffer.concat([Buffer.from(`${host.source}/`), ODD]);

beforeAll(async () => {
  vi.stubGlobal('fetch', recorded.fetch);
  resources.defer(() => void vi.unstubAllGlobals());
  product = resources.use(await startWholeProduct());
  api = await logIn(product.url, ADMIN);
  host = resources.use(await startE2eHost(await api.get('/api/v1/settings/get_ssh_publickey/', z.string())));
  source = host.source.slice(1);
  await writeFile(oddFile(), 'odd one');
  await writeFile(join(host.source, 'large.bin'), randomBytes(LARGE_BYTES));
  await link(join(host.source, 'sub folder', 'file 1.bin'), join(host.source, 'hard link'));
  things = await makeThings(api, host);
  const job = await watchLaunch(api, await launch(api, things.policy), things.policy, quiet);
  expect(job).toMatchObject({ status: 'successful' });
  archive = job.archive_name ?? '';
});

afterAll(() => resources.disposeAsync());

const entry = z.object({ id: z.number(), path: z.string(), size: z.number() });
const entryOf = async (name: string): Promise<z.output<typeof entry>> => {
  const query = `archive_name=${archive}&path__icontains=${encodeURIComponent(name)}`;
  const { results } = await api.get(`/api/v1/catalogs/?${query}`, z.object({ results: z.array(entry) }));
  const found = results.find(({ path }) => path.includes(name));
  if (!found) throw new Error(`The catalog has no ${name}`);
  return found;
};

/** Not recorded: the answers are no JSON, and are checked here. */
const download = (path: string, headers: Record<string, string> = {}, signal?: AbortSignal): Promise<Response> => {
  const Authorization = `Basic ${Buffer.from(`${ADMIN.email}:${ADMIN.password}`).toString('base64')}`;
  return plainFetch(`${product.url}/api/v1/${path}`, {
    headers: { Authorization, ...headers },
    ...(signal ? { signal } : {}),
  });
};
const bytesOf = async (response: Response): Promise<Buffer> => Buffer.from(await response.arrayBuffer());

const restore = async (body: object): Promise<{ status: string; stdout: string }> => {
  const started = z.object({ job: z.number() });
  const { job } = await api.post('/api/v1/restore/', { archive_name: archive, ...body }, started);
  const { status, job_explanation } = await jobEnd(api, job, 60_000);
  const { content } = await api.get(`/api/v1/jobs/${job}/stdout/`, z.object({ content: z.string() }));
  return { status, stdout: `${content}${job_explanation}` };
};

describe('a download', () => {
  test('is the very file, whole or in part', async () => {
    const { id, size } = await entryOf('large.bin');
    expect(size).toBe(LARGE_BYTES);
    const whole = await download(`catalogs/${id}/content/`);
    expect(whole.headers.get('content-length')).toBe(String(LARGE_BYTES));
    const original = await readFile(join(host.source, 'large.bin'));
    expect((await bytesOf(whole)).equals(original)).toBe(true);
    const part = await download(`catalogs/${id}/content/`, { Range: 'bytes=20000000-20000099' });
    expect(part.status).toBe(206);
    expect((await bytesOf(part)).equals(original.subarray(20_000_000, 20_000_100))).toBe(true);
  });

  test('has any name, and a further hard link has its contents', async () => {
    const { id } = await entryOf('/odd');
    expect((await bytesOf(await download(`catalogs/${id}/content/`))).toString()).toBe('odd one');
    const expected = await readFile(join(host.source, 'hard link'));
    for (const name of ['hard link', 'file 1.bin']) {
      const response = await download(`catalogs/${(await entryOf(name)).id}/content/`);
      expect((await bytesOf(response)).equals(expected), name).toBe(true);
    }
  });

  test('of a folder can be unpacked', async () => {
    const path = encodeURIComponent(join(source, 'sub folder'));
    const zip = join(product.folder, 'folder.zip');
    const tar = join(product.folder, 'folder.tar');
    await writeFile(zip, await bytesOf(await download(`archives/${archive}/download/?format=zip&path=${path}`)));
    await writeFile(tar, await bytesOf(await download(`archives/${archive}/download/?path=${path}`)));
    for (const [program, ...argv] of [
      ['unzip', '-q', zip, '-d', join(product.folder, 'zip')],
      ['tar', '-xf', tar, '-C', product.folder, '--one-top-level=tar'],
    ] as const) {
      await run(program, argv);
    }
    for (const kind of ['zip', 'tar']) {
      await run('diff', ['-r', join(host.source, 'sub folder'), join(product.folder, kind, source, 'sub folder')]);
    }
  });

  test('is on record with its reader', async () => {
    // As text: PostgreSQL itself cannot look into JSON with bytes that are no characters.
    const { rows } = await product.admin.query<{ data: string; metadata: string }>(
      `select data::text, metadata::text from events.events where type = 'archive-content-read' order by position`,
    );
    const reads = rows.map(({ data: text, metadata }) => ({ data: JSON.parse(text), metadata: JSON.parse(metadata) }));
    expect(reads.length).toBeGreaterThan(5);
    const actor = { kind: 'user' };
    expect(reads[0]).toMatchObject({ data: { archive, kind: 'file' }, metadata: { actor } });
    expect(reads.at(-1)).toMatchObject({
      data: { kind: 'tar', paths: [join(source, 'sub folder')] },
      metadata: { actor },
    });
  });
});

describe('a restore', () => {
  test('lists what it would do, then does it, and leaves what is younger', async () => {
    const dest_folder = join(host.folder, 'restored');
    const item = join(source, 'sub folder');
    const place = join(dest_folder, item);
    await mkdir(place, { recursive: true });
    await writeFile(join(place, 'file 7.bin'), 'younger');
    const body = { dest_folder, item, replace: 'newer' };
    const dry = await restore({ ...body, dry_run: true });
    expect(dry).toMatchObject({ status: 'successful' });
    expect(dry.stdout).toMatch(/^skip +.*\/file 7\.bin$/m);
    expect(dry.stdout).toMatch(/39 files .* would be restored.*1 would be left out/);
    expect(await restore(body)).toMatchObject({ status: 'successful' });
    expect(await readFile(join(place, 'file 7.bin'), 'utf8')).toBe('younger');
    await run('diff', ['-r', '-x', 'file 7.bin', join(host.source, 'sub folder'), place]);
  });

  test('brings an entry back in place, verified', async () => {
    await rm(oddFile());
    const { id } = await entryOf('/odd');
    expect(await restore({ entries: [id], in_place: true, verify: 'contents' })).toMatchObject({
      status: 'successful',
    });
    expect(await readFile(oddFile(), 'utf8')).toBe('odd one');
  });

  test('says what the archive does not have', async () => {
    const { status, stdout } = await restore({ dest_folder: join(host.folder, 'none'), item: 'no/such/file' });
    expect([status, stdout]).toEqual(['failed', expect.stringContaining('does not have no/such/file')]);
  });
});

test('a restore drill proves that an archive can be restored', async () => {
  const started = await api.post(`/api/v1/policies/${things.policy}/drill/`, {}, z.object({ job: z.number() }));
  expect(await jobEnd(api, started.job, 60_000)).toMatchObject({ status: 'successful', job_type: 'restore' });
  const drill = z.object({ passed: z.boolean().nullable(), files: z.number(), archive_name: z.string() });
  const found = await vi.waitFor(async () => {
    const shown = await api.get(`/api/v1/drills/${started.job}/`, drill);
    expect(shown.passed).not.toBeNull();
    return shown;
  }, 10_000);
  expect(found).toEqual({ passed: true, files: 10, archive_name: archive });
  const proofs = z.object({ results: z.array(z.object({ client: z.number(), age: z.number().nullable() })) });
  const { results } = await api.get('/api/v1/drills/clients/', proofs);
  expect(results.find(({ client }) => client === things.client)?.age).toBeLessThan(60);
});

test('all that was answered is as the OpenAPI document describes it', async () => {
  expect(await recordedViolations(product.url, recorded)).toEqual([]);
});
