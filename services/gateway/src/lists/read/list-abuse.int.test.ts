import { hasCode } from '@cyborgbackup/kernel';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseListQuery } from '../parse/list-query.ts';
import { listRows } from './list-rows.ts';
import type { SourceName } from '../sources/list-source.ts';
import { seedLists, type Row, type SeededLists } from '../../testing/seeded-lists.ts';
import { sources } from '../sources/sources.ts';

let lists: SeededLists;
beforeAll(async () => {
  lists = await seedLists();
});
afterAll(() => lists[Symbol.asyncDispose]());

const ask: SeededLists['ask'] = (...asked) => lists.ask(...asked);
const ids: SeededLists['ids'] = (...asked) => lists.ids(...asked);
const refusal: SeededLists['refusal'] = (...asked) => lists.refusal(...asked);

describe('refused queries', () => {
  test.each([
    ['foo=1', "validation: Client has no field named 'foo'"],
    ['=1', "validation: Client has no field named ''"],
    ['constructor=1', "validation: Client has no field named 'constructor'"],
    ['__proto__=1', "validation: Client has no field named ''"],
    ['order=foo', "validation: Client has no field named 'foo'"],
    ['order=policies__name', "validation: 'policies' has several values per Client"],
    ['order=hostname__exact', "validation: Client has no field named 'exact'"],
    ['policies__foo=1', "validation: Policy has no field named 'foo'"],
    ['policies__repository__repository_key__startswith=a', "validation: Filtering on 'repository_key' is not allowed."],
    ['created_by__password_hash__contains=x', "validation: Filtering on 'password_hash' is not allowed."],
    ['auth_token=1', "validation: Filtering on 'auth_token' is not allowed."],
    ['jobs__job_env__contains=x', "validation: Filtering on 'job_env' is not allowed."],
    ['hostname__foo=1', /There is no lookup 'foo'/],
    ['hostname__search=1', /There is no lookup 'search'/],
    ['hostname__gt__lt=1', /only one lookup/],
    ['policies__clients__policies=1', "validation: 'policies' occurs twice in one filter"],
    ['jobs__policy__repository__created_by__email=x', undefined],
    [
      'jobs__master_job__policy__repository__created_by__email=x',
      'validation: A filter may follow 4 relations at most',
    ],
    ['id=x', "validation: 'x' is not an integer"],
    ['id=1.5', "validation: '1.5' is not an integer"],
    ['id=99999999999999999999', "validation: '99999999999999999999' is too big an integer"],
    ['id__in=', 'validation: The list of an __in filter must not be empty'],
    ['id__in=1,,2', "validation: '' is not an integer"],
    ['ready=maybe', "validation: Unable to convert 'maybe' to boolean"],
    ['id__isnull=maybe', "validation: Unable to convert 'maybe' to boolean"],
    ['hostname__int=x', "validation: 'x' is not an integer"],
    ['uuid=1', "validation: '1' is not a valid UUID."],
    ['created__gt=yesterday', /'yesterday' value has an invalid format/],
    ['created__gt=2024-02-30', /invalid format/],
    ['created__gt=2024-01-01T25:00', /invalid format/],
    ['hostname__regex=(', 'validation: The regular expression is not valid'],
    ['hostname__regex=a{99999}', 'validation: The regular expression is not valid'],
    [`hostname__regex=${'a'.repeat(1001)}`, /1000 characters at most/],
    ['hostname=a%00b', 'validation: Null characters are not allowed.'],
    [`id__in=${Array.from({ length: 1001 }, (_, i) => i).join()}`, /1000 items at most/],
    [Array.from({ length: 51 }, (_, i) => `id__gt=${i}`).join('&'), /more than 50 filters/],
  ])('finds nothing or refuses the query with its message: ?%s', async (query, message) => {
    if (message === undefined) expect(await ids('clients', query)).toEqual([]);
    else if (typeof message === 'string') expect(await refusal('clients', query)).toBe(message);
    else expect(await refusal('clients', query)).toMatch(message);
  });

  test('refuses a regular expression that takes too long', async () => {
    await lists.admin.query(`update inventory.clients set ip = repeat('a', 5000) || 'b' where id = 1`);
    const started = performance.now();
    const pattern = encodeURIComponent(String.raw`(a*)(a*)(a*)\3\2\1b`);
    expect(await refusal('clients', `ip__regex=${pattern}`)).toBe(
      'validation: The regular expression takes too long: make it simpler',
    );
    expect(performance.now() - started).toBeLessThan(6_000);
  });
});

describe('hostile queries', () => {
  const INJECTIONS = [
    "'; drop table inventory.clients; --",
    "' or '1'='1",
    '1); delete from inventory.users; --',
    '$1',
    '?',
    '??',
    ':name',
    '\\',
    "E'\\x27'",
    '$$ or true $$',
    'pg_sleep(10)',
    '"; select 1; --',
    '%',
  ];

  test.each(INJECTIONS)('treats %s as data', async (text) => {
    const value = encodeURIComponent(text);
    expect(await ids('clients', `hostname=${value}`)).toEqual([]);
    expect(await ids('clients', `not__hostname=${value}`)).toHaveLength(25);
    expect(await ids('clients', `hostname__in=${value}`)).toEqual([]);
    await refusal('clients', `${value}=1`);
    await refusal('clients', `order=${value}`);
    await refusal('clients', `fields=${value}`);
    expect(await ids('clients', `search=${value}`)).toEqual(['%', '\\'].includes(text) ? [7] : []);
    await expect(lists.admin.query('select count(*)::int as n from inventory.clients')).resolves.toMatchObject({
      rows: [{ n: 25 }],
    });
  });

  test('answers any query with a page or an AppError', async () => {
    const lookup = fc.constantFrom(
      ...[
        'exact',
        'in',
        'regex',
        'iregex',
        'gt',
        'isnull',
        'icontains',
        'iexact',
        'startswith',
        'lte',
        'search',
        'int',
      ],
    );
    const segmentOf = (source: SourceName): fc.Arbitrary<string> =>
      fc.oneof(
        { weight: 5, arbitrary: fc.constantFrom(...Object.keys(sources[source].fields)) },
        { weight: 1, arbitrary: fc.constantFrom(...Object.keys(sources[source].relations), 'id') },
        { weight: 1, arbitrary: fc.constantFrom('', 'or', 'not', 'chain', 'x', 'id', 'name', 'uuid', 'toString') },
      );
    const keyOf = (source: SourceName): fc.Arbitrary<string> => {
      const prefix = fc.constantFrom('', '', '', 'or__', 'not__', 'chain__', 'or__not__', 'not__or__');
      const path = fc.array(segmentOf(source), { minLength: 1, maxLength: 2 }).map((parts) => parts.join('__'));
      const suffix = fc.oneof(
        fc.constant(''),
        lookup.map((name) => `__${name}`),
      );
      return fc.oneof(
        { weight: 6, arbitrary: fc.tuple(prefix, path, suffix).map((parts) => parts.join('')) },
        { weight: 2, arbitrary: fc.constantFrom('page', 'page_size', 'order', 'order_by', 'search', 'type', 'fields') },
        { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 12 }) },
      );
    };
    const value = fc.oneof(
      fc.constantFrom(
        ...INJECTIONS,
        '1',
        '-1',
        'true',
        'null',
        '2024-01-01',
        '1e5',
        'NaN',
        'Infinity',
        '1,2',
        '',
        'last',
        '-id',
        'id,name',
        '(a',
        '[',
        '*',
        '0001-01-01',
        '9999-12-31T23:59:59.999999-15:00',
      ),
      fc.string({ unit: 'binary', maxLength: 20 }),
      fc.uuid(),
      fc.integer().map(String),
    );
    const asked = fc.constantFrom<SourceName>(...(Object.keys(sources) as SourceName[])).chain((source) =>
      fc.record({
        source: fc.constant(source),
        query: fc.array(fc.tuple(keyOf(source), value), { minLength: 1, maxLength: 3 }),
      }),
    );
    const outcomes = { page: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(asked, async ({ source, query: parameters }) => {
        try {
          const query = parseListQuery(sources[source], parameters);
          const page = await listRows<Row>(lists.db, sources[source], { query, path: `/api/v1/${source}/` });
          expect(page.count).toBeGreaterThanOrEqual(page.rows.length);
          outcomes.page++;
        } catch (error) {
          if (!hasCode(error, 'validation') && !hasCode(error, 'not-found')) throw error;
          outcomes.refused++;
        }
      }),
      { numRuns: 1_500 },
    );
    expect(outcomes.page).toBeGreaterThan(100);
    expect(outcomes.refused).toBeGreaterThan(100);
  });

  test('filters, sorts and answers every field of every source', async () => {
    for (const source of Object.values(sources)) {
      for (const field of Object.keys(source.fields)) {
        await ask(source.name, `${field}__isnull=false&order=${field}&page_size=2`);
        await ask(source.name, `fields=${field}&page_size=2`);
      }
      for (const relation of Object.keys(source.relations))
        await ask(source.name, `${relation}__id__gt=5&not__${relation}=3`);
    }
  });
});
