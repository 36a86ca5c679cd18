import fc from 'fast-check';
import { z } from 'zod';
import type { DescribedOperation } from '../testing/openapi-violations.ts';
import { fitting, newest } from './fuzz-fitting.ts';
import { brokenBody, hostileText, hostileValue } from './fuzz-values.ts';

/** A request that some client might send, before ids are put in (see `resolveIds`). */
export interface FuzzRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | undefined;
  /** Who sends it. */
  readonly as: 'superuser' | 'user' | 'nobody';
}

const LOOKUPS =
  'exact iexact contains icontains startswith istartswith endswith iendswith regex iregex gt gte lt lte in isnull search int nothing';
const RELATIONS =
  'policies policy repository schedule client clients jobs job job_events catalogs created_by modified_by master_job user';

const weighted = <T>(...pairs: readonly (readonly [number, fc.Arbitrary<T>])[]): fc.Arbitrary<T> =>
  fc.oneof(...pairs.map(([weight, arbitrary]) => ({ weight, arbitrary })));

/** Bytes that fit into a request line and into a header. */
const visible = (text: string): string => text.replaceAll(/[^\x21-\x7e]/g, '').slice(0, 2_000);
const headerText = hostileText.map((text) => text.replaceAll(/[^\x20-\x7e\xa0-\xff]/g, '').slice(0, 2_000));

const encoded = hostileText.map((text) => encodeURIComponent(text.toWellFormed()).slice(0, 3_000));

const segment = (path: string): fc.Arbitrary<string> =>
  weighted(
    [5, fc.integer({ min: 1, max: 6 }).map(String)],
    [8, fc.constant(newest(path.split('/')[3] ?? ''))],
    [2, encoded],
    [
      1,
      fc.constantFrom(
        '0',
        '-1',
        '2147483648',
        '99999999999999999999',
        '1.0',
        '01',
        '+1',
        '1e3',
        '%31',
        '%',
        '%zz',
        '%00',
        '1;2',
        '..',
      ),
    ],
  );

/** Names for filters, as far as a relation or two may be followed. */
const filterName = (fields: readonly string[]): fc.Arbitrary<string> => {
  const field = fc.constantFrom(...fields);
  const relation = fc.constantFrom(...RELATIONS.split(' '));
  return fc
    .tuple(
      weighted([6, fc.constant('')], [1, fc.constantFrom('or__', 'not__', 'chain__', 'or__not__', 'not__or__')]),
      fc.array(relation, { maxLength: 2 }),
      field,
      weighted([2, fc.constant('')], [3, fc.constantFrom(...LOOKUPS.split(' ')).map((lookup) => `__${lookup}`)]),
    )
    .map(([prefix, relations, name, lookup]) => `${prefix}${[...relations, name].join('__')}${lookup}`);
};

const RESERVED = ['page', 'page_size', 'search', 'order', 'order_by', 'fields', 'type', 'format', 'filters'];
const plausible = fc.constantFrom(
  '1',
  '2',
  'last',
  '-id',
  'name',
  'id,name',
  'true',
  'web',
  '2024-01-01',
  '1,2,3',
  '2026-02',
);

const queryOf = ({ query }: DescribedOperation, fields: readonly string[]): fc.Arbitrary<string> => {
  const name = weighted<string>(
    [4, filterName(fields)],
    [4, fc.constantFrom(...RESERVED, ...query)],
    [1, hostileText.map((text) => text.toWellFormed())],
  );
  const pair = fc.tuple(name, weighted([1, plausible], [1, hostileText.map((text) => text.toWellFormed())]));
  return weighted(
    [4, fc.constant('')],
    [6, fc.array(pair, { maxLength: 4 }).map((pairs) => `?${new URLSearchParams(pairs).toString()}`)],
    [1, hostileText.map((text) => `?${visible(text).replaceAll('#', '')}`)],
  );
};

const pathOf = (operation: DescribedOperation, fields: readonly string[]): fc.Arbitrary<string> => {
  const parts = operation.path.split(/\{\w+\}/);
  return fc
    .tuple(
      fc.tuple(...parts.slice(1).map(() => segment(operation.path))),
      weighted([9, fc.constant('')], [1, fc.constantFrom('/', '//', '/x', '%2f', ';a=b', '/.', '#x')]),
      queryOf(operation, fields),
    )
    .map(([ids, end, query]) => `${parts.map((part, index) => part + (ids[index] ?? '')).join('')}${end}${query}`);
};

const object = z.record(z.string(), z.unknown());

/** What fits, with some fields spoiled, some gone and some that nobody asked for. */
const bodyOf = ({ body }: DescribedOperation): fc.Arbitrary<Buffer> => {
  const good = fitting(body);
  const spoiled = fc
    .tuple(good, fc.array(fc.tuple(fc.nat(), hostileValue), { minLength: 1, maxLength: 3 }), fc.boolean())
    .map(([value, changes, isMore]) => {
      const changed = { ...object.safeParse(value).data };
      const names = Object.keys(object.safeParse(object.safeParse(body).data?.['properties']).data ?? { name: 1 });
      for (const [index, replacement] of changes) changed[names[index % names.length] ?? 'name'] = replacement;
      return isMore ? { ...changed, id: 1, uuid: 'x', is_superuser: true, nothing: [changed] } : changed;
    });
  const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value) ?? 'null');
  return weighted([5, good.map(json)], [6, spoiled.map(json)], [1, hostileValue.map(json)], [1, brokenBody]);
};

const extraHeaders: fc.Arbitrary<Record<string, string>> = fc
  .record(
    {
      'if-match': weighted([1, fc.constantFrom('"1"', '*', 'W/"1"', '"1", "2"')], [1, headerText]),
      'idempotency-key': weighted([1, fc.constantFrom('a', 'b')], [1, headerText]),
      'x-request-id': headerText,
      accept: weighted([1, fc.constantFrom('text/html', 'application/xml', '*/*;q=0')], [1, headerText]),
      'accept-encoding': fc.constantFrom('gzip', 'identity;q=0', 'x'),
      'content-encoding': fc.constantFrom('gzip', 'br', 'identity', 'x'),
      origin: headerText,
      range: fc.constant('bytes=0-1,-1'),
      'x-http-method-override': fc.constant('DELETE'),
      'x-forwarded-for': headerText,
      cookie: headerText,
    },
    { requiredKeys: [] },
  )
  .map((headers) => headers as Record<string, string>);

const badCredentials = weighted(
  [
    1,
    fc.constantFrom(
      'Bearer a.b.c',
      'Token x',
      'Basic',
      'Bearer',
      'Digest x',
      'Basic Og==',
      'Bearer eyJhbGciOiJub25lIn0.e30.',
    ),
  ],
  [1, headerText],
).map((authorization) => ({ authorization }));

const METHODS = ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'PROPFIND', 'LOCK'];

const WILD_PATHS = [
  '/',
  '//',
  '/api//v1/users/',
  '/api/v1/../../etc/passwd',
  '/%',
  '/%c0%af',
  '*',
  '/api/v1/users',
  '/healthz/x',
];

const wildPath = weighted(
  [2, fc.constantFrom(...WILD_PATHS, 'http://evil.example/api/v1/', `/api/v1/${'x/'.repeat(3_000)}`)],
  [1, hostileText.map((text) => `/${visible(text)}`)],
);

const requestOf = (operation: DescribedOperation, fields: readonly string[]): fc.Arbitrary<FuzzRequest> => {
  const noBody: fc.Arbitrary<Buffer | undefined> = fc.constant(undefined);
  return fc.record({
    method: weighted([19, fc.constant(operation.method)], [1, fc.constantFrom(...METHODS)]),
    path: weighted([30, pathOf(operation, fields)], [1, wildPath]),
    headers: fc
      .tuple(
        weighted<Record<string, string>>([24, fc.constant({})], [7, extraHeaders], [1, badCredentials]),
        weighted(
          [14, fc.constant('application/json')],
          [1, fc.constantFrom('', 'text/plain', 'application/json; charset=utf-16', 'multipart/form-data', 'x/y+json')],
        ),
      )
      .map(([more, type]) => (operation.hasBody ? { 'content-type': type, ...more } : more)),
    body: operation.hasBody ? weighted([12, bodyOf(operation)], [1, noBody]) : weighted([19, noBody], [1, brokenBody]),
    as: weighted<FuzzRequest['as']>(
      [16, fc.constant('superuser')],
      [2, fc.constant('user')],
      [1, fc.constant('nobody')],
    ),
  });
};

/** Deletes are rare: after one there is nothing left to change. */
const weightOf = ({ method, path }: DescribedOperation): number => {
  if (method === 'DELETE' || path.includes('password') || path.includes('/token/')) return 1;
  return 4;
};

/** @param fields names that filters are made of */
export const fuzzRequests = (
  operations: readonly DescribedOperation[],
  fields: readonly string[],
): fc.Arbitrary<FuzzRequest> =>
  fc.oneof(
    ...operations.map((operation) => ({ weight: weightOf(operation), arbitrary: requestOf(operation, fields) })),
  );
