import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseContract, parseExample } from './contract-examples.ts';
import { fieldDifferences, nullsOf, shapeDifferences } from './contract-shape.ts';

const contract = parseContract(readFileSync(new URL('./fixtures/cyborgbackup-api-v1.rst', import.meta.url), 'utf8'));

const endpoint = (method: string, path: string) =>
  contract.find((one) => one.method === method && one.path === path) ?? expect.fail(`${method} ${path}`);

describe('the contract document', () => {
  test('has all its endpoints', () => {
    expect(contract).toHaveLength(33);
    expect(contract.filter(({ method }) => method === 'GET')).toHaveLength(17);
    expect(new Set(contract.map(({ method, path }) => `${method} ${path}`)).size).toBe(33);
    expect(contract.every(({ path }) => path.startsWith('/api/v1'))).toBe(true);
  });

  test('has an example for all but deletes and the launch', () => {
    const without = contract
      .filter(({ example }) => example === undefined)
      .map(({ method, path }) => `${method} ${path}`);
    expect(without.filter((one) => !one.startsWith('DELETE'))).toEqual(['POST /api/v1/policies/(int:id)/launch/']);
  });

  test('is read in spite of its commas, braces and placeholders', () => {
    expect(endpoint('GET', '/api/v1/ping').example).toEqual({ version: '1.0', ping: 'pong' });
    expect(endpoint('GET', '/api/v1/me').example).toMatchObject({ count: 1, results: [{ id: 1, is_superuser: true }] });
    expect(endpoint('POST', '/api/v1/clients/').example).toMatchObject({ hostname: 'lab.example.com', enabled: true });
    expect(endpoint('GET', '/api/v1/users/').example).toEqual({ count: 1, next: null, previous: null, results: [] });
    expect(endpoint('GET', '/api/v1/policies/(int:id)/').example).toMatchObject({ clients: [1], keep_daily: null });
    expect(endpoint('GET', '/api/v1/catalogs/(int:id)/').fields.get('size')).toBe('integer');
    expect(endpoint('GET', '/api/v1/catalogs/(int:id)/').statuses).toEqual([200, 404]);
  });
});

describe('documented shapes', () => {
  const example = { id: 1, at: '2018-11-26T05:00:00.000001Z', none: null, in: { list: [1] } };

  test('agree whatever the values are, and with more fields', () => {
    const actual = { id: 9, at: '2026-01-01T00:00:00.000000Z', none: 'x', in: { list: [], more: 1 }, more: true };
    expect(shapeDifferences('', example, actual)).toEqual([]);
  });

  test('differ by what is missing, of another type or of another form', () => {
    const actual = { id: '9', at: '2026-01-01T00:00:00Z', in: { list: ['x'] } };
    expect(shapeDifferences('', example, actual)).toHaveLength(4);
    const fields = parseContract('.. http:get::  /x\n\n    :>json integer id: I\n    :>json string at: A\n')[0]!.fields;
    expect(fieldDifferences(fields, { id: null, at: 1 }, nullsOf({ id: null }))).toEqual([
      'at is integer, documented as string',
    ]);
  });

  test('stay what they are when the example is JSON', () => {
    const json = { a: [1, { b: 'x, y' }], c: { d: null } };
    expect(parseExample(JSON.stringify(json, null, 2))).toEqual(json);
  });
});
