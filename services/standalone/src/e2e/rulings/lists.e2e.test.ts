import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { violationsSoFar } from '../testing/openapi-violations.ts';
import { startContractServer, type Answer, type ContractServer, type Json } from '../testing/contract-server.ts';

let server: ContractServer;
beforeAll(async () => {
  server = await startContractServer();
});
afterAll(() => server?.[Symbol.asyncDispose]());

const send = (method: string, path: string): Promise<Answer> => server.send(method, path);

const create = async (collection: string, body: object): Promise<Json> => {
  const answer = await server.send('POST', `/api/v1/${collection}/`, { body });
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body;
};

const nameOf = (item: Json): string => String(item.name ?? item.hostname);

const listed = async (query: string): Promise<Json> => (await send('GET', `/api/v1/${query}`)).body;

describe('lists', () => {
  beforeAll(async () => {
    const schedule = await create('schedules', { name: 'Weekly', crontab: '0 5 * * MON' });
    for (const name of ['alpha', 'beta', 'gamma', 'delta', 'epsilon']) {
      const client = await create('clients', { hostname: `${name}.example.com`, enabled: name !== 'beta' });
      const repository = await create('repositories', { name: `repository ${name}`, path: `/srv/${name}` });
      const references = { clients: [client.id], repository: repository.id, schedule: schedule.id };
      await create('policies', { name, keep_daily: name.length, ...references });
    }
  });

  const names = async (query: string): Promise<readonly string[]> => {
    const items: readonly Json[] = (await listed(query)).results;
    return items.map((item) => nameOf(item).replace('.example.com', ''));
  };

  test.each([
    ['clients/?enabled=false', ['beta']],
    ['clients/?hostname__startswith=a', ['alpha']],
    ['policies/?not__name__contains=a', ['epsilon']],
    ['clients/?or__hostname__startswith=a&or__hostname__startswith=b&order=hostname', ['alpha', 'beta']],
    ['clients/?policies__keep_daily__gt=5&order=hostname', ['epsilon']],
    ['clients/?policies__repository__name=repository+gamma', ['gamma']],
    ['policies/?chain__clients__hostname__startswith=g&chain__clients__enabled=true', ['gamma']],
    ['policies/?repository__name__in=repository+beta,repository+delta&order=-name', ['delta', 'beta']],
    ['policies/?schedule__name=Weekly&keep_daily=4', ['beta']],
    ['policies/?search=LTA', ['delta']],
    ['policies/?order_by=-keep_daily&page_size=1', ['epsilon']],
    ['policies/?order=name&page_size=2&page=last', ['gamma']],
  ])('%s', async (query, expected) => {
    expect(await names(query)).toEqual(expected);
  });

  test('have links that lead through all pages', async () => {
    const seen: string[] = [];
    let next: string | null = 'policies/?order=name&page_size=2';
    while (next !== null) {
      const page: Json = await listed(next.replace('/api/v1/', ''));
      expect(page.count).toBe(5);
      const items: readonly Json[] = page.results;
      seen.push(...items.map(nameOf));
      next = page.next;
    }
    expect(seen).toEqual(['alpha', 'beta', 'delta', 'epsilon', 'gamma']);
    const last = await listed('policies/?order=name&page_size=2&page=3');
    expect(last.previous).toBe('/api/v1/policies/?order=name&page=2&page_size=2');
  });

  test('show chosen fields, and pages of bounded size', async () => {
    expect((await listed('policies/?fields=name&order=name&page_size=1')).results).toEqual([{ name: 'alpha' }]);
    expect((await listed('policies/?page_size=99999999')).results).toHaveLength(5);
    expect((await send('GET', '/api/v1/policies/?page=2')).status).toBe(404);
  });

  test.each([
    'repositories/?repository_key=x',
    'repositories/?repository_key__startswith=x',
    'policies/?repository__repository_key__contains=x',
    'policies/?extra_vars__contains=x',
    'policies/?prehook__startswith=x',
    'policies/?order=posthook',
    'jobs/?policy__posthook__contains=x',
    'users/?password_hash__startswith=x',
    'users/?password=x',
    'clients/?created_by__password_hash__gt=x',
    'clients/?order=created_by__password_hash',
    'clients/?fields=auth_token',
    'jobs/?job_env__contains=x',
    'jobs/?policy__repository__repository_key=x',
    'clients/?nothing=x',
    'clients/?hostname__nothing=x',
    'clients/?id=x',
    'clients/?hostname__regex=(',
    'settings/?nothing=1',
    'catalogs/?nothing=1',
    'job_events/?nothing=1',
    'tokens/?token_hash=x',
    'me/?password_hash=x',
  ])('%s is a 400', async (query) => {
    const { status, body } = await send('GET', `/api/v1/${query}`);
    expect([status, typeof body.detail]).toEqual([400, 'string']);
  });
});

test('the OpenAPI document describes all that was answered', async () => {
  expect(await violationsSoFar(server)).toEqual([]);
});
