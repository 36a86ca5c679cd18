import { randomBytes } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { logIn, type ApiClient } from '../../demo/api-client.ts';
import { watchLaunch } from '../../demo/watch-job.ts';
import { recordedViolations } from '../testing/openapi-violations.ts';
import { createRecordedFetch } from '../testing/recorded-fetch.ts';
import { startE2eHost, type E2eHost } from '../testing/e2e-host.ts';
import { jobEnd, jobRuns } from '../testing/job-end.ts';
import { launch, makeThings, type Things } from '../testing/policy.ts';
import { ADMIN, startWholeProduct, type WholeProduct } from '../testing/whole-product.ts';

const quiet = { step: () => undefined, fact: () => undefined, live: () => undefined, endLive: () => undefined };

/** What was started, however far the start came: its disposal must not hide why the start failed. */
const resources = new AsyncDisposableStack();
let product: WholeProduct;
const recorded = createRecordedFetch(() => product.url);
let host: E2eHost;
let api: ApiClient;
let things: Things;

beforeAll(async () => {
  vi.stubGlobal('fetch', recorded.fetch);
  product = resources.use(await startWholeProduct());
  api = await logIn(product.url, ADMIN);
  host = resources.use(await startE2eHost(await api.get('/api/v1/settings/get_ssh_publickey/', z.string())));
  things = await makeThings(api, host);
});

afterAll(() => resources.disposeAsync());

/** Large enough for a backup to be still under way when it is canceled. */
const BULK_BYTES = 300_000_000;

const catalogs = z.object({
  count: z.number(),
  results: z.array(z.object({ path: z.string(), archive_name: z.string(), size: z.number(), job: z.number() })),
});

describe('the main job', () => {
  test('backs up, catalogs, prunes, and shows the sizes', async () => {
    const id = await launch(api, things.policy);
    const job = await watchLaunch(api, id, things.policy, quiet);
    expect(job).toMatchObject({ id, status: 'successful', job_type: 'job' });
    expect(job.archive_name).toMatch(/^folders-127\.0\.0\.1-\d{4}-\d\d-\d\d_\d\d-\d\d$/);
    // As the repository has it: the contents of forty files, without what borg knows about them.
    expect(job.original_size).toBeGreaterThanOrEqual(2_000_000);

    const listed = await api.get(`/api/v1/catalogs/?archive_name=${job.archive_name ?? ''}&page_size=500`, catalogs);
    const path = join(host.source, 'sub folder', 'file 7.bin').slice(1);
    expect(listed.results.find((entry) => entry.path === path)).toMatchObject({ size: 50_000, job: id });
    expect(listed.count).toBe(42);

    const repository = z.object({ ready: z.boolean(), original_size: z.number(), deduplicated_size: z.number() });
    expect(await api.get(`/api/v1/repositories/${things.repository}/`, repository)).toMatchObject({ ready: true });
    const client = z.object({ ready: z.boolean(), version: z.string() });
    expect(await api.get(`/api/v1/clients/${things.client}/`, client)).toMatchObject({
      ready: true,
      version: expect.stringMatching(/^1\.[24]\./),
    });

    const dest_folder = join(host.folder, 'restored');
    const request = { archive_name: job.archive_name, destination: things.client, dest_folder, item: path };
    const restore = await api.post('/api/v1/restore/', request, z.object({ job: z.number() }));
    expect(await jobEnd(api, restore.job, 60_000)).toMatchObject({ status: 'successful' });
    expect(await readFile(join(dest_folder, path))).toEqual(await readFile(join('/', path)));
  });

  test('tells a folder that does not exist in the job itself', async () => {
    const extra_vars = JSON.stringify({ folders: ['/no/such/folder'] });
    const { policy } = await makeThings(api, host, { client: { hostname: 'localhost' }, policy: { extra_vars } });
    const job = await jobEnd(api, await launch(api, policy), 60_000);
    expect(job).toMatchObject({ status: 'failed', job_explanation: expect.stringContaining('/no/such/folder') });
  });

  test('fails a backup whose client cannot be reached, with the reason', async () => {
    const { policy } = await makeThings(api, host, {
      client: { hostname: 'no-such-host.invalid' },
      policy: { max_attempts: 1 },
    });
    const job = await jobEnd(api, await launch(api, policy), 60_000);
    expect(job).toMatchObject({ status: 'failed', job_explanation: expect.stringContaining('no-such-host.invalid') });
  });

  test('fails a backup into a repository that another passphrase opens', async () => {
    const { policy } = await makeThings(api, host, {
      client: things.client,
      repository: { repository_key: 'not the passphrase' },
    });
    const job = await jobEnd(api, await launch(api, policy), 60_000);
    expect(job).toMatchObject({ status: 'failed', job_explanation: expect.stringMatching(/passphrase is wrong/) });
  });
});

test('a running backup is stopped on request, and leaves no lock behind', async () => {
  await writeFile(join(host.source, 'bulk.bin'), randomBytes(BULK_BYTES));
  const { policy } = await makeThings(api, host, { client: things.client });
  const id = await launch(api, policy);
  await jobRuns(api, id);
  const askedAt = Date.now();
  await api.post(`/api/v1/jobs/${id}/cancel/`, {}, z.unknown());
  expect(await jobEnd(api, id, 30_000)).toMatchObject({ status: 'canceled', archive_name: expect.any(String) });
  expect(Date.now() - askedAt).toBeLessThan(10_000);
  await rm(join(host.source, 'bulk.bin'));
  expect(await jobEnd(api, await launch(api, policy), 60_000)).toMatchObject({ status: 'successful' });
});

test('a client reads its own writes, two hundred times in a row', async () => {
  const client = z.object({ id: z.number(), ip: z.string() });
  const { id } = await api.post('/api/v1/clients/', { hostname: 'read-your-writes' }, client);
  for (let round = 0; round < 200; round += 1) {
    await api.patch(`/api/v1/clients/${id}/`, { ip: `10.0.0.${round}` });
    expect(await api.get(`/api/v1/clients/${id}/`, client)).toEqual({ id, ip: `10.0.0.${round}` });
  }
});

test('all that was answered is as the OpenAPI document describes it', async () => {
  expect(recorded.exchanges.length).toBeGreaterThan(0);
  expect(await recordedViolations(product.url, recorded)).toEqual([]);
});
