import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { logIn } from '../../demo/api-client.ts';
import { parseContract, type DocumentedEndpoint } from './contract-examples.ts';
import { violationsSoFar } from '../testing/openapi-violations.ts';
import { ADMIN, startContractServer, type ContractServer, type Json } from '../testing/contract-server.ts';
import { fieldDifferences, nullsOf, shapeDifferences } from './contract-shape.ts';
import { startE2eHost, type E2eHost } from '../testing/e2e-host.ts';
import { jobEnd } from '../testing/job-end.ts';
import { launch, makeThings } from '../testing/policy.ts';

const contract = parseContract(readFileSync(new URL('./fixtures/cyborgbackup-api-v1.rst', import.meta.url), 'utf8'));
const named = contract.map((endpoint) => [`${endpoint.method} ${endpoint.path}`, endpoint] as const);

/** The document calls them strings and shows null; the original has always served the user's id. */
const PEOPLE = new Set(['created_by', 'modified_by']);
const ID = '(int:id)';
const UNKNOWN_ID = '99999999';
const withId = z.object({ id: z.number() });

/** What was started, however far the start came: its disposal must not hide why the start failed. */
const resources = new AsyncDisposableStack();
let server: ContractServer;
let host: E2eHost;
/** What an example's policy refers to. */
let references: { repository: number; schedule: number };
let count = 0;

const send: ContractServer['send'] = (...request) => server.send(...request);

const find = (method: string, path: string): DocumentedEndpoint | undefined =>
  contract.find((one) => one.method === method && one.path === path);

const collectionOf = ({ path }: DocumentedEndpoint): string => path.split('/').slice(0, 4).join('/');

/** Where a single thing of the same kind is shown. */
const detailOf = (endpoint: DocumentedEndpoint): DocumentedEndpoint | undefined =>
  find('GET', `${collectionOf(endpoint)}/${ID}/`);

const create = async (path: string): Promise<number> => {
  const { status, body } = await send('POST', path, { body: await bodyOf(find('POST', path)) });
  expect(status, JSON.stringify(body)).toBe(200);
  return withId.parse(body).id;
};

/** What an example's request cannot say: what must be unique, what is there, and the password that no example has. */
const replacements = async (example: object, method: string): Promise<object> => {
  count += 1;
  if ('email' in example) {
    const password = method === 'POST' ? { password: 'a long password' } : {};
    return { email: `cyborg${count}@agent.local`, ...password };
  }
  if ('hostname' in example) return { hostname: `lab${count}.example.com` };
  // One client is backed up by one policy at a time.
  return 'clients' in example ? { ...references, clients: [await create('/api/v1/clients/')] } : {};
};

const bodyOf = async ({ method, example }: Partial<DocumentedEndpoint> = {}): Promise<object | undefined> => {
  if ((method !== 'POST' && method !== 'PATCH') || typeof example !== 'object' || example === null) return undefined;
  return { ...example, ...(await replacements(example, method)) };
};

/** The id of something the endpoint can be called for: a fresh one where the document tells how to create it. */
const idFor = async (endpoint: DocumentedEndpoint): Promise<number> => {
  const collection = `${collectionOf(endpoint)}/`;
  if (find('POST', collection)) return create(collection);
  return withId.parse((await send('GET', collection)).body.results[0]).id;
};

/** Of a POST or PATCH the example is the request, so only the listed fields can be looked for in the answer. */
const differences = (endpoint: DocumentedEndpoint, body: Json): readonly string[] => {
  const fields = new Map([...endpoint.fields].filter(([name]) => !PEOPLE.has(name)));
  const nullable = new Set([...nullsOf(endpoint.example), ...nullsOf(detailOf(endpoint)?.example)]);
  const ofExample = endpoint.method === 'GET' ? shapeDifferences('', endpoint.example, body) : [];
  return [...ofExample, ...fieldDifferences(fields, body, nullable)];
};

beforeAll(async () => {
  server = resources.use(await startContractServer());
  const api = await logIn(server.url, ADMIN);
  host = resources.use(await startE2eHost(await api.get('/api/v1/settings/get_ssh_publickey/', z.string())));
  const { policy } = await makeThings(api, host, { policy: { keep_hourly: 1 } });
  const job = await jobEnd(api, await launch(api, policy), 60_000);
  expect(job).toMatchObject({ status: 'successful' });
  const { repository, schedule } = (await send('GET', `/api/v1/policies/${policy}/`)).body;
  references = { repository, schedule };
});

afterAll(() => resources.disposeAsync());

describe('a client written from the contract document', () => {
  test.each(named)('meets %s as documented, with and without a slash at the end', async (_name, endpoint) => {
    const bare = endpoint.path.replace(/\/$/, '');
    for (const template of [bare, `${bare}/`]) {
      const path = template.includes(ID) ? template.replace(ID, String(await idFor(endpoint))) : template;
      const { status, body, headers } = await send(endpoint.method, path, { body: await bodyOf(endpoint) });
      expect(status, JSON.stringify(body)).toBe(200);
      expect(headers.get('content-type')).toMatch(/^application\/json/);
      expect(differences(endpoint, body)).toEqual([]);
    }
  });

  const lists = named.filter(([, endpoint]) => endpoint.method === 'GET' && endpoint.fields.has('results'));
  test.each(lists)('meets in %s what the detail shows', async (_name, endpoint) => {
    const detail = detailOf(endpoint) ?? expect.fail('no detail is documented');
    const { results } = (await send('GET', endpoint.path)).body;
    expect(results.length).toBeGreaterThan(0);
    for (const item of results) expect(differences(detail, item)).toEqual([]);
  });

  const creates = named.filter(([name]) => /^POST \/api\/v1\/\w+\/$/.test(name));
  test.each(creates)('%s tells where the new thing is, and deleting it shows it once more', async (_name, endpoint) => {
    const detail = detailOf(endpoint) ?? expect.fail('no detail is documented');
    const created = await send('POST', endpoint.path, { body: await bodyOf(endpoint) });
    expect(created.headers.get('location')).toBe(`${endpoint.path}${created.body.id}/`);
    expect(differences(detail, created.body)).toEqual([]);
    const deleted = await send('DELETE', created.body.url);
    expect(differences(detail, deleted.body)).toEqual([]);
    expect(deleted.body).toMatchObject({ id: created.body.id });
  });

  test('finds in a calendar the times of the month', async () => {
    const policy = await create('/api/v1/policies/');
    const times: string[] = (await send('GET', `/api/v1/policies/${policy}/calendar/`)).body;
    // The schedule is due each Monday at five.
    expect(times.length).toBeGreaterThanOrEqual(4);
    const month = new Date().toISOString().slice(0, 7);
    for (const time of times) {
      expect(new Date(time).toISOString()).toMatch(new RegExp(`^${month}-\\d\\dT05:00:00`));
      expect(new Date(time).getUTCDay()).toBe(1);
    }
  });

  const ofOne = named.filter(([, { path }]) => path.includes(ID));
  test.each(ofOne)('meets 404 at %s for an unknown id', async (_name, endpoint) => {
    expect(endpoint.statuses).toEqual([200, 404]);
    const path = endpoint.path.replace(ID, UNKNOWN_ID);
    const { status, body } = await send(endpoint.method, path, { body: await bodyOf(endpoint) });
    expect([status, body]).toEqual([404, { detail: expect.any(String) }]);
  });
});

test('the OpenAPI document describes all that was answered', async () => {
  expect(server.exchanges.length).toBeGreaterThan(100);
  expect(await violationsSoFar(server)).toEqual([]);
});
