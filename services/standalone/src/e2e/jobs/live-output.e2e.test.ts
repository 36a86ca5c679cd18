import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import type { ApiClient } from '../../demo/api-client.ts';
import { startE2eHost, type E2eHost } from '../testing/e2e-host.ts';
import { ADMIN, startFiveServices, type FiveServices } from '../testing/five-services.ts';
import { launch, makeThings } from '../testing/policy.ts';

/** What was started, however far the start came: its disposal must not hide why the start failed. */
const resources = new AsyncDisposableStack();
let product: FiveServices;
let api: ApiClient;
let host: E2eHost;

beforeAll(async () => {
  product = resources.use(await startFiveServices());
  api = await product.logIn();
  host = resources.use(await startE2eHost(await api.get('/api/v1/settings/get_ssh_publickey/', z.string())));
}, 120_000);

afterAll(() => resources.disposeAsync());

const streamed = z.object({
  event: z.enum(['status', 'job_event', 'end']),
  id: z.string(),
  data: z.looseObject({ status: z.string().optional(), stdout: z.string().optional() }),
});
type Streamed = z.output<typeof streamed>;

const fieldOf = (block: string, name: string): string =>
  block
    .split('\n')
    .find((line) => line.startsWith(`${name}: `))
    ?.slice(name.length + 2) ?? '';

/** What a stream brings, until it ends. */
async function* follow(job: number, lastEventId: string): AsyncGenerator<Streamed, void> {
  const login = Buffer.from(`${ADMIN.email}:${ADMIN.password}`).toString('base64');
  const response = await fetch(`${product.url}/api/v1/jobs/${job}/events/stream`, {
    headers: { authorization: `Basic ${login}`, ...(lastEventId === '' ? {} : { 'last-event-id': lastEventId }) },
  });
  expect(response.status).toBe(200);
  let text = '';
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    const blocks = (text + chunk).split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks.filter((one) => one.includes('data: '))) {
      const data: unknown = JSON.parse(fieldOf(block, 'data'));
      yield streamed.parse({ event: fieldOf(block, 'event'), id: fieldOf(block, 'id'), data });
    }
  }
}

/** Seconds of writing, at the rate below. */
const BULK_BYTES = 20_000_000;
const KIB_PER_SECOND = 4_000;

/** Of a backup that is under way. */
const progress = z.object({ files: z.number().min(1) });

const range = z.object({ content: z.string() });

test('a job is followed from its launch to its end, also over a restart of the gateway', async () => {
  await writeFile(join(host.source, 'bulk.bin'), randomBytes(BULK_BYTES));
  const extra_vars = JSON.stringify({ folders: [host.source], upload_ratelimit: KIB_PER_SECOND });
  const { policy } = await makeThings(api, host, { policy: { extra_vars } });
  const id = await launch(api, policy);

  const seen: Streamed[] = [];
  let stopped: Promise<number | null> | undefined;
  for await (const event of follow(id, '')) {
    seen.push(event);
    // The gateway ends its streams as it stops, and this loop with them.
    if (progress.safeParse(event.data['event_data']).success) stopped ??= product.services.gateway.stop();
  }
  expect(await stopped).toBe(0);
  expect(seen.at(-1)?.event).not.toBe('end');
  await product.services.gateway.start();
  const last = seen.findLast((event) => event.event === 'job_event')?.id ?? '';
  for await (const event of follow(id, last)) seen.push(event);

  const statuses = seen.filter(({ event }) => event === 'status').map(({ data }) => data.status);
  expect(statuses[0]).not.toBe('successful');
  expect(statuses).toContain('running');
  expect(statuses.at(-1)).toBe('successful');
  expect(seen.at(-1)).toMatchObject({ event: 'end', data: { status: 'successful' } });
  const lines = seen.filter(({ event }) => event === 'job_event');
  expect(lines.map((line) => line.id)).toEqual(lines.map((_, index) => String(index + 1)));
  const stdout = await api.get(`/api/v1/jobs/${id}/stdout/?format=json`, range);
  expect(lines.map(({ data }) => `${data.stdout ?? ''}\n`).join('')).toBe(stdout.content);
  expect(lines.map(({ data }) => data['event_data'])).toContainEqual(
    expect.objectContaining({
      files: expect.any(Number),
      original_size: expect.any(Number),
      compressed_size: expect.any(Number),
      deduplicated_size: expect.any(Number),
      rate: expect.any(Number),
      path: expect.stringContaining('source'),
    }),
  );
}, 120_000);
