import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createApiDescription, violationsSoFar, type ApiDescription } from '../testing/openapi-violations.ts';
import { startContractServer, type ContractServer, type Json } from '../testing/contract-server.ts';

let server: ContractServer;
let document: Json;
let description: ApiDescription;

beforeAll(async () => {
  server = await startContractServer();
  document = (await server.send('GET', '/api/v1/openapi.json', { as: null })).body;
  description = createApiDescription(document);
});
afterAll(() => server?.[Symbol.asyncDispose]());

const create = async (collection: string, body: object): Promise<number> => {
  const answer = await server.send('POST', `/api/v1/${collection}/`, { body });
  expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(300);
  return answer.body.id as number;
};

/** One of each thing; on the first start all are number 1, but for the second user. */
const seed = async (): Promise<void> => {
  const client = await create('clients', { hostname: 'no-such-host.invalid' });
  const schedule = await create('schedules', { name: 's', crontab: '0 5 * * *' });
  const repository = await create('repositories', { name: 'r', path: '/srv/repository' });
  const more = { policy_type: 'folders', extra_vars: '{"folders":["/etc"]}' };
  const policy = await create('policies', { name: 'p', clients: [client], schedule, repository, ...more });
  await create('users', { email: 'user@example.com', password: 'a long password' });
  await create('tokens', { name: 'ci', scope: 'read' });
  const launched = await server.send('POST', `/api/v1/policies/${policy}/launch/`);
  expect(launched.status).toBe(200);
};

describe('the OpenAPI document', () => {
  test('describes every path that the root lists', async () => {
    const { body } = await server.send('GET', '/api/v1/', { as: null });
    const paths = Object.keys(document.paths);
    expect(Object.values(body).filter((path) => !paths.includes(String(path)))).toEqual([]);
  });

  test('names every operation once, and refers to nothing that is not there', () => {
    const ids: string[] = Object.values<Json>(document.paths).flatMap((methods: Json) =>
      Object.values<Json>(methods).map(({ operationId }: Json) => String(operationId)),
    );
    expect(new Set(ids).size).toBe(ids.length);
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path]) => path ?? '');
    const at = (path: string): unknown =>
      path.split('/').reduce<unknown>((part, name) => Object(part)[name] as unknown, document);
    const missing = references.filter((path) => at(path) === undefined);
    expect(missing).toEqual([]);
  });

  test('is true of every operation: as it should be called, of what is not there, and with nonsense', async () => {
    await seed();
    // What ends things comes last.
    const order = ['GET', 'PATCH', 'PUT', 'POST', 'DELETE'];
    const operations = [...description.operations].sort((a, b) => order.indexOf(a.method) - order.indexOf(b.method));
    for (const { method, path, hasBody } of operations) {
      const sent = hasBody ? { body: {} } : {};
      for (const id of ['1', '99999999', 'x']) await server.send(method, path.replace(/\{\w+\}/, id), sent);
      await server.send(method, path.replace(/\{\w+\}/, '1'), { ...sent, as: null });
      if (hasBody) {
        await server.send(method, path.replace(/\{\w+\}/, '1'), { body: '[' });
        await server.send(method, path.replace(/\{\w+\}/, '1'), {
          body: 'x',
          headers: { 'content-type': 'text/plain' },
        });
      }
      if (method === 'GET') await server.send(method, `${path.replace(/\{\w+\}/, '1')}?nothing=1&page=7`);
    }
    expect(await violationsSoFar(server)).toEqual([]);
    const statuses = new Set(server.exchanges.map(({ status }) => status));
    for (const status of [200, 201, 400, 401, 404, 409, 415]) expect(statuses).toContain(status);
  });

  test('would not be true of other answers', async () => {
    const { body } = await server.send('GET', '/api/v1/users/1/');
    const sent = { method: 'GET', path: '/api/v1/users/1/', query: new URLSearchParams() };
    const exchange = { ...sent, status: 200, mediaType: 'application/json', body };
    expect(description.violations(exchange)).toEqual([]);
    const { email: _email, ...less } = body;
    const others = [{ body: less }, { body: { ...body, more: 1 } }, { body: { ...body, id: '1' } }, { body: [] }];
    for (const other of [...others, { status: 201 }, { path: '/api/v1/nothing/' }, { mediaType: 'text/html' }]) {
      expect(description.violations({ ...exchange, ...other }), JSON.stringify(other)).not.toEqual([]);
    }
  });
});

describe('the page about the API', () => {
  test('loads nothing from elsewhere', async () => {
    const { status, headers, body } = await server.send('GET', '/api/v1/docs/', { as: null });
    expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    const loaded = [...String(body).matchAll(/<(?:script|link|img|iframe)[^>]*(?:src|href)="([^"]*)"/g)].map(
      ([, to]) => to,
    );
    expect(loaded.filter((to) => /^(?:https?:)?\/\//.test(to ?? ''))).toEqual([]);
    expect(String(body)).not.toMatch(/@import|url\(\s*["']?https?:/);
    expect(headers.get('content-security-policy')).toMatch(/default-src 'none'/);
    expect(headers.get('content-security-policy')).not.toMatch(/https?:|\*|unsafe-eval/);
  });

  test('shows every operation', async () => {
    const { body } = await server.send('GET', '/api/v1/docs/', { as: null });
    expect(description.operations.filter(({ path }) => !String(body).includes(path))).toEqual([]);
  });
});
