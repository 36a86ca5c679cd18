import { POLICY_DEFAULTS } from '@cyborgbackup/contracts';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { insertSeries } from '../testing/catalog-rows.ts';
import { startTestGateway, type TestGateway } from '../testing/test-gateway.ts';
import type { OpenApiDocument, OpenApiResponse, Reference } from './openapi-types.ts';

let gateway: TestGateway;
let document: OpenApiDocument;
beforeAll(async () => {
  gateway = await startTestGateway();
  document = (await gateway.send('/api/v1/openapi.json', { as: null })).body as OpenApiDocument;
});
afterAll(() => gateway[Symbol.asyncDispose]());

test('serves the document and the page without credentials', async () => {
  expect(document).toMatchObject({ openapi: '3.1.0', info: { title: 'CyBorgBackup' } });
  const { status, headers, body } = await gateway.send('/api/v1/docs/', { as: null });
  expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
  expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self'; /);
  expect(body).toContain('<title>CyBorgBackup API');
  expect((await gateway.send('/api/v1/docs', { as: null })).status).toBe(200);
  expect((await gateway.send('/api/v1/openapi.json', { method: 'POST' })).status).toBe(405);
});

test.each([
  ['viewer.css', 'text/css; charset=utf-8', '.swagger-ui'],
  ['viewer.js', 'text/javascript; charset=utf-8', 'SwaggerUIBundle'],
  ['start.js', 'text/javascript; charset=utf-8', 'SwaggerUIBundle('],
])('serves the file %s of the page without credentials', async (name, type, content) => {
  const { status, headers, body } = await gateway.send(`/api/v1/docs/${name}`, { as: null });
  expect([status, headers.get('content-type')]).toEqual([200, type]);
  expect(body).toContain(content);
});

const referred = (response: OpenApiResponse | Reference | undefined): OpenApiResponse | undefined =>
  response && '$ref' in response
    ? document.components.responses[response.$ref.slice(response.$ref.lastIndexOf('/') + 1)]
    : response;

/** What the document says of an answer, as something that checks it. */
const described = (path: string, status: number): z.ZodType => {
  const response = referred(document.paths[path]?.['get']?.responses[String(status)]);
  const schema = response?.content?.['application/json']?.schema;
  if (!schema) throw new Error(`${path} has no ${status} in the document`);
  const whole = JSON.stringify({ ...schema, $defs: document.components.schemas });
  return z.fromJSONSchema(JSON.parse(whole.replaceAll('#/components/schemas/', '#/$defs/')));
};

describe('answers', () => {
  const job = randomUUID();
  beforeAll(async () => {
    await gateway.insert('inventory.clients', { id: 1, hostname: 'web', port: 22 });
    await gateway.insert('inventory.schedules', { id: 1, name: 's', crontab: '0 5 * * *', timezone: 'UTC' });
    const repository_key = await gateway.deps.keys.seal(`repository-${randomUUID()}`, 'k');
    await gateway.insert('inventory.repositories', {
      id: 1,
      name: 'r',
      path: '/r',
      remote_path: 'borg',
      repository_key,
    });
    const sealed = await gateway.deps.keys.seal(`policy-${randomUUID()}`, '');
    const secrets = { extra_vars: sealed, prehook: sealed, posthook: sealed };
    const references = { repository: 1, schedule: 1, clients: [1] };
    const policy = { ...POLICY_DEFAULTS, id: 1, name: 'p', ...references, policy_type: 'rootfs', ...secrets };
    await gateway.insert('inventory.policies', policy);
    const kinds = { job_type: 'job', launch_type: 'manual', status: 'successful' };
    await gateway.insert('scheduler.jobs', { uuid: job, id: 1, name: 'j', policy: 1, archive_name: 'a', ...kinds });
    await gateway.insert('executor.job_events', { id: 1, job_uuid: job, counter: 1, event: 'verbose', stdout: 'x' });
    const archive = { job_uuid: job, archive_name: 'a', sequence: 1, id_base: 1 };
    await insertSeries(gateway.insert, 1, [archive], [{ path: 'd', type: 'd' }, { path: 'd/x' }]);
  });

  test.each([
    ...['', 'ping/', 'config/', 'me/', 'users/', 'clients/', 'schedules/', 'repositories/', 'policies/', 'jobs/'],
    ...['job_events/', 'catalogs/', 'settings/', 'stats/', 'host_keys/', 'tokens/', 'openapi.json', 'escatalogs/'],
    ...['users/{id}/', 'clients/{id}/', 'schedules/{id}/', 'policies/{id}/', 'jobs/{id}/', 'job_events/{id}/'],
    ...['archives/', 'archives/{name}/', 'archives/{name}/tree/', 'archives/{name}/diff/?to=a'],
    ...['search/?name=x', 'versions/?path=d/x'],
    ...['catalogs/{id}/', 'settings/{id}/', 'jobs/{id}/job_events/', 'jobs/{id}/stdout/', 'policies/{id}/calendar/'],
  ])('answers /api/v1/%s as the document describes it', async (path) => {
    const { status, body } = await gateway.send(`/api/v1/${path.replace('{id}', '1').replace('{name}', 'a')}`);
    expect(status).toBe(200);
    if (path.endsWith('s/') && 'results' in Object(body) && !/host_keys|tokens|escatalogs/.test(path)) {
      expect(body.results.length).toBeGreaterThan(0);
    }
    expect(described(`/api/v1/${path.replace(/\?.*/, '')}`, 200).safeParse(body).error).toBeUndefined();
  });

  test('detects answers that differ from the document', () => {
    const ping = described('/api/v1/ping/', 200);
    expect(ping.safeParse({ version: '1', ping: 'pong' }).success).toBe(true);
    expect(ping.safeParse({ version: '1', ping: 'pong', more: 1 }).success).toBe(false);
    expect(
      described('/api/v1/clients/', 200).safeParse({ count: 1, next: null, previous: null, results: [{}] }).success,
    ).toBe(false);
  });

  test.each([
    ['clients/?page=9', 'clients/', 404],
    ['clients/?nothing=1', 'clients/', 400],
    ['clients/77/', 'clients/{id}/', 404],
  ])('answers /api/v1/%s as the document describes it', async (url, path, expected) => {
    const { status, body } = await gateway.send(`/api/v1/${url}`);
    expect(status).toBe(expected);
    expect(described(`/api/v1/${path}`, expected).safeParse(body).error).toBeUndefined();
  });
});
