import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { endpoint } from '../http/core/endpoint.ts';
import { createEndpoints } from '../endpoints.ts';
import { DOCS_CONTENT_SECURITY_POLICY, docsPage } from './docs-page.ts';
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
  test('describes every endpoint under the path that answers have', () => {
    expect(operations).toHaveLength(endpoints.length);
    expect(Object.keys(document.paths)).toEqual(
      expect.arrayContaining(['/api/v1/clients/', '/api/v1/clients/{id}/', '/api/v1/openapi.json', '/api/v1/docs/']),
    );
  });

  test('has no reference without a target', () => {
    let count = 0;
    every(document, (object) => {
      if (!('$ref' in object)) return;
      count++;
      expect(at(String(object.$ref)), String(object.$ref)).toBeDefined();
    });
    expect(count).toBeGreaterThan(100);
  });

  test('is unchanged by serialisation to JSON', () => {
    expect(JSON.parse(JSON.stringify(document))).toEqual(document);
  });

  test('gives each operation a unique id, and describes every variable of its path', () => {
    const ids = operations.map((one) => one.operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.every((id) => /^[a-z][A-Za-z]+$/.test(id))).toBe(true);
    for (const { path, operation: one } of operations) {
      const named = (one.parameters ?? []).flatMap((p) => ('in' in p && p.in === 'path' ? [p.name] : []));
      expect(named).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
    }
  });

  test('describes who may call and how to sign in', () => {
    expect(operation('get', '/api/v1/ping/').security).toEqual([]);
    expect(operation('get', '/api/v1/clients/').security).toEqual([{ bearer: [] }, { token: [] }, { basic: [] }]);
    const used = new Set(operations.flatMap((one) => one.operation.security.flatMap((item) => Object.keys(item))));
    expect([...used].sort()).toEqual(Object.keys(document.components.securitySchemes).sort());
  });

  test('describes each resource once, as a component', () => {
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

  test('requires the fields of a body that have no default, and shows their limits', () => {
    const create = bodyOf('post', '/api/v1/clients/');
    expect(create.required).toEqual(['hostname']);
    expect(create.properties?.['port']).toEqual({ type: 'integer', minimum: 1, maximum: 65_535, default: 22 });
    expect(create.properties?.['hostname']).toEqual({ type: 'string', minLength: 1, maxLength: 1024 });
    expect(bodyOf('patch', '/api/v1/clients/{id}/').required ?? []).toEqual([]);
    expect(bodyOf('patch', '/api/v1/settings/{id}/').properties?.['value']).toEqual({});
    expect(operation('post', '/api/v1/clients/').requestBody?.required).toBe(true);
    expect(operation('patch', '/api/v1/clients/{id}/').requestBody?.required).toBe(false);
  });

  test('allows read-only fields in a body, and no unknown ones', () => {
    const create = bodyOf('post', '/api/v1/clients/');
    expect(create).toMatchObject({ additionalProperties: false, properties: { uuid: { readOnly: true } } });
    expect(create.properties?.['hostname']).not.toHaveProperty('readOnly');
    const launch = bodyOf('post', '/api/v1/policies/{id}/launch/');
    expect(Object.keys(launch.properties ?? {})).toEqual(['extra_vars', 'verbosity']);
  });

  test.each(['/api/v1/policies/', '/api/v1/policies/{id}/launch/'])(
    'describes variables as JSON or text at %s',
    (path) => {
      const variables = { type: ['object', 'string'], description: expect.stringContaining('or its text') };
      expect(bodyOf('post', path).properties?.['extra_vars']).toMatchObject(variables);
      expect(document.components.schemas['Policy']?.properties?.['extra_vars']).toMatchObject({ type: 'string' });
    },
  );

  test('describes the filters of lists', () => {
    const filters = operation('get', '/api/v1/jobs/').parameters?.find(
      (one) => 'name' in one && one.name === 'filters',
    );
    expect(filters).toMatchObject({ style: 'form', explode: true });
    expect(JSON.stringify(filters)).toMatch(
      /Fields: id, name,.* policy,.*Relations: .*repository.*`search` looks in name/,
    );
    expect(operation('get', '/api/v1/tokens/').parameters).toHaveLength(2);
  });

  test('describes If-Match for changes of versioned resources', () => {
    const change = operation('patch', '/api/v1/policies/{id}/');
    expect(change.parameters).toContainEqual({ $ref: '#/components/parameters/IfMatch' });
    expect(Object.keys(change.responses)).toEqual(expect.arrayContaining(['200', '202', '409', '412']));
    expect(operation('patch', '/api/v1/settings/{id}/').responses).not.toHaveProperty('412');
    expect(operation('post', '/api/v1/policies/').parameters).toEqual([
      { $ref: '#/components/parameters/IdempotencyKey' },
    ]);
  });

  test('describes statuses of single endpoints', () => {
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
  const documentIn = (text: string): unknown =>
    JSON.parse(/<script id="document" type="application\/json">(.*?)<\/script>/s.exec(text)?.[1] ?? 'null');

  test('contains the whole OpenAPI document', () => {
    expect(documentIn(page)).toEqual(JSON.parse(JSON.stringify(document)));
    for (const { path, operation: one } of operations) {
      expect(page).toContain(`"${path}"`);
      expect(page).toContain(`"${one.operationId}"`);
    }
  });

  test('loads only files that the API serves without credentials', () => {
    const loaded = [...page.matchAll(/<(?:script|link)[^>]* (?:src|href)="([^"]+)"/g)].map(([, url]) => url);
    expect(loaded).toEqual(['data:,', '/api/v1/docs/viewer.css', '/api/v1/docs/viewer.js', '/api/v1/docs/start.js']);
    for (const url of loaded.slice(1))
      expect(endpoints).toContainEqual(expect.objectContaining({ path: url, access: 'public' }));
    const own = page.replace(/<script id="document".*?<\/script>/s, '');
    expect(own).not.toMatch(
      /\b(srcset|action|formaction|poster)=|url\(|@import|https?:\/\/|<(iframe|img|object|base)\b/,
    );
  });

  test('has no inline script or style, and the policy allows none', () => {
    expect(page).not.toMatch(/<style| style=| on\w+=|<script>/);
    expect(DOCS_CONTENT_SECURITY_POLICY).toMatch(/^default-src 'none'/);
    expect(DOCS_CONTENT_SECURITY_POLICY).not.toMatch(/unsafe|https?:|\*|blob:/);
  });

  test('keeps markup in the document from becoming part of the page', () => {
    const evil = `"></script><script>alert('1')</script>`;
    const hostile = openApiDocument(
      [
        endpoint({
          route: 'POST /api/v1/evil',
          access: 'user',
          summary: evil,
          body: z.object({ [evil]: z.enum([evil]).default(evil).describe(evil) }),
          answers: z.object({ type: z.literal(evil) }),
          statuses: { 418: evil },
          handle: async () => ({ body: {} }),
        }),
      ],
      evil,
    );
    const text = docsPage(hostile);
    expect([...text.matchAll(/<script/g)]).toHaveLength(3);
    expect(documentIn(text)).toEqual(JSON.parse(JSON.stringify(hostile)));
  });

  test('has a language, and a link to the document for readers without scripts', () => {
    expect(page).toMatch(/^<!DOCTYPE html>\n<html lang="en">/);
    expect(page).toMatch(/<noscript>.*href="\/api\/v1\/openapi.json"/);
  });
});
