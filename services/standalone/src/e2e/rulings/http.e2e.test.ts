import { request as sendRequest } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readApiDescription, violationsSoFar, type DescribedOperation } from '../testing/openapi-violations.ts';
import {
  startContractServer,
  type Answer,
  type ContractServer,
  type Json,
  type Sent,
} from '../testing/contract-server.ts';

/*
 * What holds for every path and method, so it is tried with all of them, as the OpenAPI document has them: nothing that is
 * added later can be forgotten.
 */
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];
const MEBIBYTE = 1024 * 1024;

let server: ContractServer;
let operations: readonly DescribedOperation[];

beforeAll(async () => {
  server = await startContractServer({ CYBORGBACKUP_ALLOWED_HOSTS: '127.0.0.1,.backup.example' });
  ({ operations } = await readApiDescription(server));
});
afterAll(() => server?.[Symbol.asyncDispose]());

const first = ({ path }: DescribedOperation): string => path.replace(/\{\w+\}/, '1');

const call = (operation: DescribedOperation, sent?: Sent): Promise<Answer> =>
  server.send(operation.method, first(operation), sent);

/** What each of the operations answers, one after the other; those that are not as they should be, by name. */
const except = async (
  chosen: readonly DescribedOperation[],
  isRight: (operation: DescribedOperation) => Promise<boolean>,
): Promise<readonly string[]> => {
  expect(chosen.length).toBeGreaterThan(0);
  const wrong: string[] = [];
  for (const operation of chosen) {
    if (!(await isRight(operation))) wrong.push(`${operation.method} ${operation.path}`);
  }
  return wrong;
};

const isDetail = (body: Json): boolean => typeof body?.detail === 'string' && Object.keys(body).length === 1;

/** What the original sends, what a log goes by, and what browsers obey. */
const HEADERS: Readonly<Record<string, RegExp>> = {
  'x-api-time': /^\d+\.\d{3}s$/,
  'x-request-id': /^[0-9a-f-]{36}$/,
  'x-content-type-options': /^nosniff$/,
  'x-frame-options': /^DENY$/,
  'content-security-policy': /default-src 'none'/,
  'referrer-policy': /^same-origin$/,
  'cache-control': /^no-store$/,
};

const hasHeaders = ({ headers }: Answer): boolean =>
  Object.entries(HEADERS).every(([name, form]) => form.test(headers.get(name) ?? '')) &&
  !headers.has('access-control-allow-origin') &&
  !headers.has('x-powered-by');

describe('for every operation', () => {
  test('a request without credentials is a 401 that tells how to sign in, unless the operation is public', async () => {
    const closed = operations.filter(({ isPublic }) => !isPublic);
    const wrong = await except(closed, async (operation) => {
      const answer = await call(operation, { as: null, ...(operation.hasBody ? { body: {} } : {}) });
      const challenge = answer.headers.get('www-authenticate') ?? '';
      return answer.status === 401 && challenge.startsWith('Bearer') && isDetail(answer.body) && hasHeaders(answer);
    });
    expect(wrong).toEqual([]);
    const open = operations.filter(({ isPublic }) => isPublic);
    const refused = await except(open, async (operation) => (await call(operation, { as: null })).status !== 401);
    expect(refused).toEqual([]);
    expect(open.map(({ path }) => path)).toEqual(
      expect.arrayContaining(['/api/', '/api/v1/', '/api/v1/ping/', '/api/token/obtain/', '/api/token/refresh/']),
    );
  });

  test('a body that is not JSON is a 415, a broken one a 400, one too large a 413', async () => {
    const writing = operations.filter(({ hasBody }) => hasBody);
    const wrong = await except(writing, async (operation) => {
      const plain = await call(operation, { body: 'x', headers: { 'content-type': 'text/plain' } });
      const broken = await call(operation, { body: '{"a":' });
      const list = await call(operation, { body: [] });
      const large = await call(operation, { body: JSON.stringify('x'.repeat(MEBIBYTE)) });
      const answers = [plain, broken, large];
      const statuses = [...answers, list].map(({ status }) => status).join();
      return statuses === '415,400,413,400' && answers.every((one) => isDetail(one.body) && hasHeaders(one));
    });
    expect(wrong).toEqual([]);
  });

  test('HEAD answers as GET does, without the body', async () => {
    const wrong = await except(
      operations.filter(({ method }) => method === 'GET'),
      async (operation) => {
        const [get, head] = [await call(operation), await server.send('HEAD', first(operation))];
        return head.status === get.status && head.body === '';
      },
    );
    expect(wrong).toEqual([]);
  });

  test('the slash at the end may be there or not', async () => {
    const wrong = await except(
      operations.filter(({ method }) => method === 'GET'),
      async (operation) => {
        const bare = await server.send('GET', first(operation).replace(/\/$/, ''));
        return bare.status === (await call(operation)).status;
      },
    );
    expect(wrong).toEqual([]);
  });
});

describe('for every path', () => {
  const methodsOf = (path: string): readonly string[] =>
    operations.filter((one) => one.path === path).map(({ method }) => method);
  const allowOf = (path: string): readonly string[] => {
    const methods = methodsOf(path);
    return [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].sort();
  };
  const allowed = ({ headers }: Answer): readonly string[] => (headers.get('allow') ?? '').split(', ').sort();

  test('other methods are a 405 that names those there are', async () => {
    for (const path of new Set(operations.map((one) => one.path))) {
      for (const method of METHODS.filter((one) => !methodsOf(path).includes(one))) {
        const answer = await server.send(method, path.replace(/\{\w+\}/, '1'));
        expect([answer.status, allowed(answer)], `${method} ${path}`).toEqual([405, allowOf(path)]);
        expect(answer.body).toEqual({ detail: `Method "${method}" not allowed.` });
      }
    }
  });

  test('OPTIONS describes it, without actions for a request without credentials', async () => {
    for (const path of new Set(operations.map((one) => one.path))) {
      const asked = path.replace(/\{\w+\}/, '1');
      const [known, nobody] = [await server.send('OPTIONS', asked), await server.send('OPTIONS', asked, { as: null })];
      expect([known.status, nobody.status, allowed(known)], path).toEqual([200, 200, allowOf(path)]);
      expect(nobody.body).not.toHaveProperty('actions');
      expect(known.body).toMatchObject({ name: expect.any(String), description: expect.any(String) });
    }
  });

  test.each(METHODS)('%s to no path of ours is a 404 in JSON', async (method) => {
    for (const path of ['/', '/api/v2/', '/api/v1/nothing/', '/api/v1/clients/1/nothing/', '/api/v1/%2e%2e/%00']) {
      const answer = await server.send(method, path, { as: null });
      expect([answer.status, answer.body, hasHeaders(answer)], path).toEqual([404, { detail: 'Not found.' }, true]);
    }
  });
});

describe('URLs', () => {
  const urlsIn = (value: Json, key = ''): readonly string[] => {
    if (typeof value === 'string') return /^(url|next|previous|related\.\w+)$/.test(key) ? [value] : [];
    if (typeof value !== 'object' || value === null) return [];
    return Object.entries<Json>(value).flatMap(([name, inner]) =>
      urlsIn(inner, key === 'related' ? `related.${name}` : Array.isArray(value) ? key : name),
    );
  };

  test('that are emitted are relative, have the slash and lead somewhere', async () => {
    const client = await server.send('POST', '/api/v1/clients/', { body: { hostname: 'no-such-host.invalid' } });
    const schedule = await server.send('POST', '/api/v1/schedules/', { body: { name: 's', crontab: '0 5 * * *' } });
    const place = { name: 'r', path: '/srv/repository' };
    const repository = await server.send('POST', '/api/v1/repositories/', { body: place });
    const references = { clients: [client.body.id], schedule: schedule.body.id, repository: repository.body.id };
    const policy = await server.send('POST', '/api/v1/policies/', { body: { name: 'p', ...references } });
    await server.send('POST', `${policy.body.url}launch/`);
    const seen = new Set<string>(Object.values<string>((await server.send('GET', '/api/v1/')).body));
    for (const path of [...seen, '/api/v1/settings/?page_size=2&page=2']) {
      for (const url of urlsIn((await server.send('GET', path)).body)) seen.add(url);
    }
    expect(seen.size).toBeGreaterThan(40);
    for (const url of seen) {
      expect(url).toMatch(/^\/api\/v1\/(\w+\/)*([\w.:%-]+\/)?(\w+\/)?(\?\S*)?$/);
      expect([200, 204], url).toContain((await server.send('GET', url)).status);
    }
  });

  test('begin at lists of versions and of resources', async () => {
    const versions = await server.send('GET', '/api/', { as: null });
    expect(versions.body).toMatchObject({ current_version: '/api/v1/', available_versions: { v1: '/api/v1/' } });
    const root = Object.values<string>((await server.send('GET', '/api/v1/', { as: null })).body);
    // All that can be read below the root, but for details, the description itself and what needs a question.
    const others = ['docs', 'search', 'versions'].map((name) => `/api/v1/${name}/`);
    const readable = operations.filter(({ method, path }) => method === 'GET' && /^\/api\/v1\/\w+\/$/.test(path));
    expect(readable.map(({ path }) => path).filter((path) => !root.includes(path) && !others.includes(path))).toEqual(
      [],
    );
  });
});

describe('other hosts and sites', () => {
  const ask = (
    headers: Record<string, string>,
    method = 'GET',
  ): Promise<[status: number, headers: Json, body: string]> =>
    new Promise((resolve, reject) => {
      const sent = sendRequest(`${server.url}/api/v1/ping/`, { method, headers }, (answer) => {
        text(answer).then((body) => resolve([answer.statusCode ?? 0, answer.headers, body]), reject);
      });
      sent.on('error', reject).end();
    });

  test('are answered by the names that were allowed only', async () => {
    const statuses = async (host: string): Promise<number> => (await ask({ host }))[0];
    for (const host of ['127.0.0.1', '127.0.0.1:80', 'backup.example', 'a.BACKUP.example:8000']) {
      expect(await statuses(host), host).toBe(200);
    }
    for (const host of ['evil.example', 'notbackup.example', 'backup.example.evil', 'localhost', '[::1]']) {
      expect(await statuses(host), host).toBe(400);
    }
    expect((await ask({ host: 'evil.example' }))[2]).toContain('CYBORGBACKUP_ALLOWED_HOSTS');
  });

  test('are not let in unless an origin is listed', async () => {
    const origin = 'https://console.example.com';
    const preflight = await ask({ origin, 'access-control-request-method': 'POST' }, 'OPTIONS');
    const [, headers] = await ask({ origin });
    for (const seen of [preflight[1], headers]) {
      expect(Object.keys(seen).filter((name) => name.startsWith('access-control-'))).toEqual([]);
    }
  });
});

test('a client that asks too often is told to wait', async () => {
  const perSecond = 20;
  const limited = await startContractServer({ CYBORGBACKUP_RATE_LIMIT: String(perSecond) });
  try {
    const answers = await Promise.all(
      Array.from({ length: 20 * perSecond }, () => limited.send('GET', '/api/v1/ping/', { as: null })),
    );
    const refused = answers.filter(({ status }) => status === 429);
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(4 * perSecond);
    expect(refused.length).toBeGreaterThan(perSecond);
    expect(refused.every((one) => isDetail(one.body) && one.headers.get('retry-after') === '1')).toBe(true);
  } finally {
    await limited[Symbol.asyncDispose]();
  }
});

test('the OpenAPI document describes all that was answered', async () => {
  expect(await violationsSoFar(server)).toEqual([]);
});
