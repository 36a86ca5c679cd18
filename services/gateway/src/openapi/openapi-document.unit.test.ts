import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { endpoint } from '../http/core/endpoint.ts';
import { createEndpoints } from '../endpoints.ts';
import { docsContentSecurityPolicy, docsPage } from './docs-page.ts';
import { openApiDocument } from './openapi-document.ts';
import type { JsonSchema, OpenApiOperation } from './openapi-types.ts';

// Nothing is called, so nothing needs to work.
const endpoints = createEndpoints({ deps: {}, version: '1.2.3', allowedHosts: [] } as never);
const document = openApiDocument(endpoints, '1.2.3');

interface Listed {
  readonly method: string;
  readonly path: string;
  readonly operation: OpenApiOperation;
}

const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]): Listed => ({ method, path, operation })),
);

const operation = (method: string, path: string): OpenApiOperation => {
  const found = document.paths[path]?.[method];
  if (!found) throw new Error(`${method} ${path} is not in the document`);
  return found;
};

const every = (value: unknown, visit: (object: object) => void): void => {
  if (typeof value !== 'object' || value === null) return;
  visit(value);
  for (const inner of Object.values(value)) every(inner, visit);
};

const at = (pointer: string): unknown =>
  pointer
    .slice(2)
    .split('/')
    .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], document);

const bodyOf = (method: string, path: string): JsonSchema =>
  operation(method, path).requestBody?.content['application/json']?.schema ?? {};

describe('the document', () => {
  test('has every endpoint, under the path that is emitted', () => {
    expect(operations).toHaveLength(endpoints.length);
    expect(Object.keys(document.paths)).toEqual(
      expect.arrayContaining(['/api/v1/clients/', '/api/v1/clients/{id}/', '/api/v1/openapi.json', '/api/v1/docs/']),
    );
  });

  test('refers to nothing that is not there, nor to anything outside', () => {
    let count = 0;
    every(document, (object) => {
      if (!('$ref' in object)) return;
      count++;
      expect(at(String(object.$ref)), String(object.$ref)).toBeDefined();
    });
    expect(count).toBeGreaterThan(100);
  });

  test('is the same after a trip through JSON', () => {
    expect(JSON.parse(JSON.stringify(document))).toEqual(document);
  });

  test('names each operation once, and every variable of its path', () => {
    const ids = operations.map((one) => one.operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.every((id) => /^[a-z][A-Za-z]+$/.test(id))).toBe(true);
    for (const { path, operation: one } of operations) {
      const named = (one.parameters ?? []).flatMap((p) => ('in' in p && p.in === 'path' ? [p.name] : []));
      expect(named).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
    }
  });

  test('says who may call, and how to sign in', () => {
    expect(operation('get', '/api/v1/ping/').security).toEqual([]);
    expect(operation('get', '/api/v1/clients/').security).toEqual([{ bearer: [] }, { token: [] }, { basic: [] }]);
    const used = new Set(operations.flatMap((one) => one.operation.security.flatMap((item) => Object.keys(item))));
    expect([...used].sort()).toEqual(Object.keys(document.components.securitySchemes).sort());
  });

  test('describes resources once', () => {
    const schema = operation('get', '/api/v1/clients/{id}/').responses['200'];
    expect(schema).toMatchObject({
      content: { 'application/json': { schema: { $ref: '#/components/schemas/Client' } } },
      headers: { ETag: {} },
    });
    expect(operation('get', '/api/v1/clients/').responses['200']).toMatchObject({
      content: {
        'application/json': { schema: { properties: { results: { items: { $ref: '#/components/schemas/Client' } } } } },
      },
    });
    expect(Object.keys(document.components.schemas)).toEqual(
      expect.arrayContaining(['User', 'Client', 'Schedule', 'Repository', 'Policy', 'Job', 'JobEvent', 'Setting']),
    );
  });

  test('requires of a body what has no default, and shows the limits that validate', () => {
    const create = bodyOf('post', '/api/v1/clients/');
    expect(create.required).toEqual(['hostname']);
    expect(create.properties?.['port']).toEqual({ type: 'integer', minimum: 1, maximum: 65_535, default: 22 });
    expect(create.properties?.['hostname']).toEqual({ type: 'string', minLength: 1, maxLength: 1024 });
    expect(bodyOf('patch', '/api/v1/clients/{id}/').required ?? []).toEqual([]);
    expect(bodyOf('patch', '/api/v1/settings/{id}/').properties?.['value']).toEqual({});
    expect(operation('post', '/api/v1/clients/').requestBody?.required).toBe(true);
    expect(operation('patch', '/api/v1/clients/{id}/').requestBody?.required).toBe(false);
  });

  test('allows what can only be read to be sent back, and nothing unknown', () => {
    const create = bodyOf('post', '/api/v1/clients/');
    expect(create).toMatchObject({ additionalProperties: false, properties: { uuid: { readOnly: true } } });
    expect(create.properties?.['hostname']).not.toHaveProperty('readOnly');
    const launch = bodyOf('post', '/api/v1/policies/{id}/launch/');
    expect(Object.keys(launch.properties ?? {})).toEqual(['extra_vars', 'verbosity']);
  });

  test.each(['/api/v1/policies/', '/api/v1/policies/{id}/launch/'])('takes variables as JSON at %s', (path) => {
    const variables = { type: ['object', 'string'], description: expect.stringContaining('or its text') };
    expect(bodyOf('post', path).properties?.['extra_vars']).toMatchObject(variables);
    expect(document.components.schemas['Policy']?.properties?.['extra_vars']).toMatchObject({ type: 'string' });
  });

  test('lists say what can be asked of them', () => {
    const filters = operation('get', '/api/v1/jobs/').parameters?.find(
      (one) => 'name' in one && one.name === 'filters',
    );
    expect(filters).toMatchObject({ style: 'form', explode: true });
    expect(JSON.stringify(filters)).toMatch(/Fields: id, policy,.*Relations: .*repository.*`search` looks in name/);
    expect(operation('get', '/api/v1/tokens/').parameters).toHaveLength(2);
  });

  test('writes of versioned resources take If-Match and may fail for it', () => {
    const change = operation('patch', '/api/v1/policies/{id}/');
    expect(change.parameters).toContainEqual({ $ref: '#/components/parameters/IfMatch' });
    expect(Object.keys(change.responses)).toEqual(expect.arrayContaining(['200', '202', '409', '412']));
    expect(operation('patch', '/api/v1/settings/{id}/').responses).not.toHaveProperty('412');
    expect(operation('post', '/api/v1/policies/').parameters).toEqual([
      { $ref: '#/components/parameters/IdempotencyKey' },
    ]);
  });

  test('statuses of its own: no key, wrong password, a job', () => {
    expect(operation('get', '/api/v1/settings/generate_ssh/').responses['204']).toEqual({
      description: 'There is no key yet.',
    });
    expect(operation('post', '/api/token/obtain/').responses['401']).toHaveProperty('content');
    expect(operation('post', '/api/v1/jobs/{id}/cancel/').responses['202']).toEqual({
      description: 'Done; the answer is empty.',
    });
    expect(Object.keys(operation('get', '/api/v1/jobs/{id}/stdout/').responses['200'] ?? {})).toContain('content');
  });
});

describe('the page', () => {
  const page = docsPage(document);

  test('shows every operation and schema', () => {
    expect([...page.matchAll(/<details class="operation"/g)]).toHaveLength(operations.length);
    for (const { operation: one } of operations) expect(page).toContain(`id="${one.operationId}"`);
    for (const name of Object.keys(document.components.schemas)) expect(page).toContain(`id="schema-${name}"`);
  });

  test('says what lists hold and what actions answer', () => {
    expect(page).toContain('page, with <code>results</code>: list of <a href="#schema-Client">Client</a>');
    expect(page).toMatch(/id="jobsCancelDetailRead".*?<caption>Answer<\/caption>.*?<code>can_cancel<\/code>/s);
  });

  test('has no two elements of one id, and no link that leads nowhere', () => {
    const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, target] of page.matchAll(/ href="#([^"]+)"/g)) expect(ids).toContain(target);
  });

  test('loads nothing', () => {
    expect(page).not.toMatch(
      /\b(src|srcset|action|formaction|poster)=|url\(|@import|https?:\/\/|<(link|iframe|img|object|base)\b|\bfetch\(/,
    );
    expect(page).not.toMatch(/ style=| on\w+=/);
  });

  test('runs nothing but its own script', () => {
    for (const [tag, directive] of [
      ['script', 'script-src'],
      ['style', 'style-src'],
    ]) {
      const content = new RegExp(`<${tag}>(.*?)</${tag}>`, 's').exec(page)?.[1] ?? '';
      const hash = createHash('sha256').update(content).digest('base64');
      expect(docsContentSecurityPolicy).toContain(`${directive} 'sha256-${hash}'`);
    }
    expect([...page.matchAll(/<script/g)]).toHaveLength(1);
    expect(docsContentSecurityPolicy).toMatch(/^default-src 'none'/);
  });

  test('whatever is written in the document is text', () => {
    const evil = `"><script>alert('1')</script>`;
    const shown = docsPage(
      openApiDocument(
        [
          endpoint({
            method: 'POST',
            path: '/api/v1/evil',
            access: 'user',
            summary: evil,
            tag: 'evil',
            body: z.object({ [evil]: z.enum([evil]).default(evil).describe(evil) }),
            answers: z.object({ type: z.literal(evil) }),
            statuses: { 418: evil },
            handle: async () => ({ body: {} }),
          }),
        ],
        evil,
      ),
    );
    expect([...shown.matchAll(/<script/g)]).toHaveLength(1);
    expect(shown).not.toContain(`alert('1')`);
  });

  test('speaks to those who do not see it', () => {
    expect(page).toMatch(/^<!DOCTYPE html>\n<html lang="en">/);
    expect(page).toContain('<label for="search">');
    expect(page).toContain('role="status"');
    expect(page).toContain('class="skip" href="#operations"');
    expect([...page.matchAll(/<h1/g)]).toHaveLength(1);
    expect(page).toContain('prefers-color-scheme: dark');
  });
});
