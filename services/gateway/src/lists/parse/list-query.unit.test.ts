import { isAppError } from '@cyborgbackup/kernel';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { countStatement, pageStatement, type ListPlan } from '../compile/compile-list.ts';
import { parseValue } from './filter-value.ts';
import { parseListQuery, type Parameter } from './list-query.ts';
import type { ListSource } from '../sources/list-source.ts';
import { renderPage } from '../read/render-page.ts';
import { sources } from '../sources/sources.ts';

const plan = (source: ListSource, ...query: Parameter[]): ListPlan => ({
  source,
  query: parseListQuery(source, query),
  scope: {},
});

const statement = (source: ListSource, ...query: Parameter[]) =>
  pageStatement(plan(source, ...query), { limit: 101, offset: 0 });

test('compiles a query to one statement with all values bound', () => {
  expect(
    statement(
      sources.jobs,
      ['policy__repository__name__icontains', 'a_b'],
      ['or__status', 'failed'],
      ['order', 'name'],
    ),
  ).toEqual({
    text:
      'select "t"."id" as id from "scheduler"."jobs" as "t" where (exists (select 1 from "inventory"."policies" as "r1" ' +
      'where "r1"."uuid" = "t"."policy_uuid" and (exists (select 1 from "inventory"."repositories" as "r2" where ' +
      '"r2"."id" = "r1"."repository" and (("r2"."name" ilike $1::text)))))) and ((("t"."status" = $2::text))) ' +
      'order by "t"."name" asc, "t"."id" desc limit $3',
    values: ['%a\\_b%', 'failed', 101],
  });
});

test('never makes a value of a caller part of the statement', () => {
  const names = [
    ...['hostname', 'hostname__icontains', 'not__hostname__iexact', 'or__hostname__endswith', 'policies__name'],
    ...['hostname__in', 'hostname__regex', 'created_by__email', 'search', 'policies__search', 'chain__ip__gt'],
  ];
  const text = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
    .filter((value) => /^[^\0\s,]+$/.test(value));
  fc.assert(
    fc.property(fc.constantFrom(...names), text, text, (name, one, other) => {
      const [a, b] = [statement(sources.clients, [name, one]), statement(sources.clients, [name, other])];
      expect(a.text).toBe(b.text);
      expect(countStatement(plan(sources.clients, [name, one])).text).toBe(
        countStatement(plan(sources.clients, [name, other])).text,
      );
    }),
  );
});

test('lets only names of the allow-list into a statement', () => {
  const source = fc.constantFrom(...Object.values(sources));
  const name = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 });
  const parameter = fc.constantFrom('order', 'fields', undefined);
  fc.assert(
    fc.property(source, name, parameter, (list, written, at) => {
      try {
        const { text } = statement(list, at === undefined ? [written, '1'] : [at, written]);
        expect(text).not.toContain(';');
      } catch (error) {
        expect(isAppError(error)).toBe(true);
      }
    }),
    { numRuns: 500 },
  );
});

describe('timestamps', () => {
  test.each([
    ['2024-06-03', '2024-06-03T00:00:00+00:00'],
    ['2024-06-03T05:00', '2024-06-03T05:00:00+00:00'],
    ['2024-06-03 05:00:07', '2024-06-03T05:00:07+00:00'],
    ['2024-06-03T05:00:07.123456Z', '2024-06-03T05:00:07.123456+00:00'],
    ['2024-06-03t05:00:07,5z', '2024-06-03T05:00:07.5+00:00'],
    ['2024-06-03T05:00:07+02:00', '2024-06-03T05:00:07+02:00'],
    ['2024-06-03T05:00:07 02:00', '2024-06-03T05:00:07+02:00'],
    ['2024-06-03T05:00-0530', '2024-06-03T05:00:00-05:30'],
    ['2024-06-03T05:00-03', '2024-06-03T05:00:00-03:00'],
    ['2024-02-29', '2024-02-29T00:00:00+00:00'],
  ])('parses the timestamp %s', (text, value) => expect(parseValue('timestamp', text)).toBe(value));

  test.each([
    ...['', 'now', '2024', '2024-6-3', '2023-02-29', '2024-13-01', '0000-01-01', '2024-06-03T24:00', '2024-06-03T05'],
    ...['2024-06-03T05:60', '2024-06-03T05:00:60', '2024-06-03T05:00+16:00', '2024-06-03T05:00+05:60', '20240603'],
    ...['2024-06-03T05:00:07.1234567', '2024-06-03T05:00 UTC', 'infinity', `2024-06-03${' '.repeat(60)}`],
  ])('refuses the timestamp %s', (text) => expect(() => parseValue('timestamp', text)).toThrow(/invalid format/));
});

describe('numbers', () => {
  test.each([
    ['int', '+007', '7'],
    ['int', '-9223372036854775807', '-9223372036854775807'],
    ['float', '.5', '0.5'],
    ['float', '1e3', '1000'],
  ] as const)('parses the %s %s', (type, text, value) => expect(parseValue(type, text)).toBe(value));

  test.each([
    ['int', '9223372036854775808'],
    ['int', '1e3'],
    ['int', ''],
    ['int', '٣'],
    ['float', 'NaN'],
    ['float', 'Infinity'],
    ['float', '1e999'],
    ['float', '0x10'],
  ] as const)('refuses the %s %s', (type, text) => expect(() => parseValue(type, text)).toThrow());
});

describe('links', () => {
  const facts = { count: 30, page: 2, hasNext: true, path: '/api/v1/jobs', parameters: [] };

  test('repeats every parameter in links, sorted by name, in their order for one name', () => {
    const parameters: Parameter[] = [
      ['status', 'a&b=c'],
      ['or__id', '2'],
      ['page', '2'],
      ['or__id', '1'],
      ['page', '9'],
    ];
    expect(renderPage({ ...facts, parameters })).toEqual({
      count: 30,
      next: '/api/v1/jobs/?or__id=2&or__id=1&page=3&status=a%26b%3Dc',
      previous: '/api/v1/jobs/?or__id=2&or__id=1&page=1&status=a%26b%3Dc',
    });
  });

  test('has null links at the first and last page', () => {
    expect(renderPage({ ...facts, page: 1, hasNext: false })).toEqual({ count: 30, next: null, previous: null });
  });

  test('makes relative links for any path', () => {
    expect(renderPage({ ...facts, path: '/api/v1/jobs///' }).next).toBe('/api/v1/jobs/?page=3');
  });
});
