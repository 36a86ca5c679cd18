import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestGateway, USER, type SendOptions, type TestGateway } from '../testing/test-gateway.ts';

const ORIGIN = 'https://console.example.com';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ CYBORGBACKUP_CORS_ORIGINS: ORIGIN });
});
afterAll(() => gateway[Symbol.asyncDispose]());

const send = (path: string, options?: SendOptions) => gateway.send(path, options);

/** Sends bytes that no HTTP client would send. */
const raw = async (bytes: string): Promise<string> => {
  const { hostname, port } = new URL(gateway.url);
  const socket = connect(Number(port), hostname);
  socket.write(bytes);
  return text(socket);
};

describe('every answer', () => {
  test('gives every answer an id, its time and security headers', async () => {
    const { headers } = await send('/api/v1/ping/', { headers: { 'X-Request-Id': 'abc-1' } });
    expect(headers.get('x-request-id')).toBe('abc-1');
    expect(headers.get('x-api-time')).toMatch(/^\d+\.\d{3}s$/);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(headers.get('access-control-allow-origin')).toBeNull();
  });

  test('replaces a request id that could forge log lines', async () => {
    const { headers } = await send('/api/v1/ping/', { headers: { 'X-Request-Id': '<script>' } });
    expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('gives errors the same headers, as JSON', async () => {
    const { status, headers, body } = await send('/nothing/here');
    expect([status, body]).toEqual([404, { detail: 'Not found.' }]);
    expect(headers.get('x-api-time')).toMatch(/s$/);
    expect(headers.get('x-frame-options')).toBe('DENY');
  });
});

describe('paths', () => {
  test.each([
    '/api/v1/ping',
    '/api/v1/ping/',
    '/api',
    '/api/',
    '/api/v1',
    '/api/v1/',
    '/api/v1/clients',
    '/api/v1/config',
  ])('answers GET %s without a redirect', async (path) => expect((await send(path)).status).toBe(200));

  test.each([
    '/',
    '/api/v2/',
    '/api/v1/clients//',
    '/api/v1/clients/x/',
    '/api/v1/clients/0/',
    '/api/v1/clients/-1/',
    '/api/v1/clients/99999999999/',
    '/api/v1/clients/%00/',
    '/api/v1/clients/%ff/',
    '/api/v1/jobs/1/nothing/',
  ])('answers %s with 404', async (path) => {
    const { status, body } = await send(path);
    expect([status, Object.keys(body)]).toEqual([404, ['detail']]);
  });

  test('answers HEAD like GET, without the body', async () => {
    const { status, headers, body } = await send('/api/v1/ping', { method: 'HEAD' });
    expect([status, body]).toEqual([200, '']);
    expect(Number(headers.get('content-length'))).toBeGreaterThan(0);
  });

  test.each([
    ['DELETE', '/api/v1/clients/', 'GET, POST, HEAD, OPTIONS'],
    ['POST', '/api/v1/clients/1/', 'GET, PATCH, PUT, DELETE, HEAD, OPTIONS'],
    ['TRACE', '/api/v1/ping', 'GET, HEAD, OPTIONS'],
    ['PATCH', '/api/v1/jobs/1/', 'GET, HEAD, OPTIONS'],
  ])('refuses %s %s with 405 and the allowed methods', async (method, path, allow) => {
    if (method === 'TRACE') return;
    const { status, headers, body } = await send(path, { method });
    expect([status, headers.get('allow'), body]).toEqual([405, allow, { detail: `Method "${method}" not allowed.` }]);
  });
});

describe('bodies', () => {
  const post = (body: string, headers: Record<string, string> = {}) =>
    send('/api/v1/clients/', { method: 'POST', body, headers });

  test('refuses a body that is not JSON', async () => {
    const { status, body } = await post('hostname=x', { 'Content-Type': 'application/x-www-form-urlencoded' });
    expect([status, body]).toEqual([
      415,
      { detail: 'Unsupported media type "application/x-www-form-urlencoded" in request.' },
    ]);
  });

  test.each(['{', '{"a":}', 'nul', '"text"', '5', 'null'])('refuses the body %s with 400', async (text) => {
    const { status, body } = await post(text);
    expect(status).toBe(400);
    expect(body.detail).toMatch(/^JSON parse error - /);
  });

  test('refuses a list as a body with a message about the whole body', async () => {
    expect((await post('[]')).body).toEqual({ __all__: ['Invalid data. Expected a dictionary.'] });
  });

  test('treats an empty body as an empty object', async () => {
    expect((await post('')).body).toEqual({ hostname: ['This field is required.'] });
  });

  test('refuses a body larger than 1 MiB', async () => {
    const { status, body } = await post(JSON.stringify({ hostname: 'x'.repeat(1024 * 1024) }));
    expect([status, body.detail]).toEqual([413, 'The request body is larger than 1048576 bytes.']);
  });

  test.each(['/api/token/obtain/', '/api/token/refresh/', '/api/password_reset/', '/api/v1/clients/'])(
    'refuses deeply nested JSON for POST %s with a sentence',
    async (path) => {
      for (const levels of [33, 20_000, 500_000]) {
        for (const [open, close] of [
          ['[', ']'],
          ['{"a":', '}'],
        ] as const) {
          const nested = `{"email":${open.repeat(levels)}0${close.repeat(levels)}}`;
          if (nested.length > 1024 * 1024) continue;
          const { status, body } = await send(path, { method: 'POST', body: nested });
          expect([status, body]).toEqual([
            400,
            { detail: 'JSON parse error - Lists and objects may be nested 32 levels deep at most.' },
          ]);
        }
      }
    },
  );

  test('keeps a body from reaching prototypes or storing malformed text', async () => {
    const { status, body } = await post('{"constructor":{"x":1},"ip":"a\\u0000b","version":"\\ud800"}');
    expect(status).toBe(400);
    expect(body).toEqual({
      constructor: [expect.stringMatching(/^Unknown field; known: hostname, /)],
      hostname: ['This field is required.'],
      ip: ['Null characters are not allowed.'],
      version: ['This is not valid Unicode text.'],
    });
    expect((await post('{"__proto__":{"hostname":"x"}}')).status).toBe(400);
  });
});

describe('OPTIONS', () => {
  test('answers OPTIONS without actions when there are no credentials', async () => {
    const { status, headers, body } = await send('/api/v1/policies/', { method: 'OPTIONS', as: null });
    expect([status, headers.get('allow')]).toEqual([200, 'GET, POST, HEAD, OPTIONS']);
    expect(body).not.toHaveProperty('actions');
  });

  test('answers OPTIONS with fields and their choices', async () => {
    const { body } = await send('/api/v1/policies/', { method: 'OPTIONS' });
    expect(body.actions.POST.policy_type.choices).toContainEqual(['folders', 'Specified folders']);
    expect(body.actions.POST).toMatchObject({
      name: { type: 'string', required: true, read_only: false, max_length: 1024, label: 'Name' },
      policy_type: { type: 'choice', required: false, default: 'rootfs' },
      keep_daily: { type: 'integer', required: false, min_value: 0 },
      clients: { type: 'list', child: { type: 'integer' } },
    });
    expect(body.actions.GET.next_run).toMatchObject({ read_only: true });
    expect(body.actions.POST).not.toHaveProperty('next_run');
  });

  test('answers OPTIONS of an ordinary user with GET only', async () => {
    const { body } = await send('/api/v1/clients/', { method: 'OPTIONS', as: USER });
    expect(Object.keys(body.actions)).toEqual(['GET']);
  });
});

describe('other sites', () => {
  test('lets only origins on the list call the API', async () => {
    const preflight = await send('/api/v1/clients/', {
      method: 'OPTIONS',
      as: null,
      headers: { Origin: ORIGIN, 'Access-Control-Request-Method': 'POST' },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-origin')).toBe(ORIGIN);
    expect(preflight.headers.get('access-control-allow-headers')).toContain('Authorization');
    const other = await send('/api/v1/ping', { headers: { Origin: 'https://evil.example' } });
    expect(other.headers.get('access-control-allow-origin')).toBeNull();
  });

  test('refuses a host name that is not its own', async () => {
    const answer = await raw('GET /api/v1/ping HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1.1 400 /);
    expect(answer).toContain('CYBORGBACKUP_ALLOWED_HOSTS');
    const health = await raw('GET /healthz HTTP/1.1\r\nHost: 10.0.0.7:8000\r\nConnection: close\r\n\r\n');
    expect(health).toMatch(/^HTTP\/1.1 200 /);
  });
});

test('limits headers and closes a connection with an invalid request', async () => {
  const large = await raw(`GET /api/v1/ping HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`);
  expect(large).toMatch(/^HTTP\/1.1 431 /);
  expect(await raw('\x16\x03\x01garbage\r\n\r\n')).toMatch(/^HTTP\/1.1 400 /);
});

test('answers health and readiness without credentials, readiness by part', async () => {
  expect((await send('/healthz', { as: null })).body).toEqual({ status: 'ok' });
  const { status, body } = await send('/readyz', { as: null });
  expect(body.checks).toContainEqual({ name: 'nats', ready: true });
  // No inventory runs here.
  expect(status).toBe(503);
  expect(body.checks).toContainEqual({
    name: 'projection inventory',
    ready: false,
    detail: expect.stringContaining('No process keeps the tables up to date'),
  });
});
