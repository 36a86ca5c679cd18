import { z } from 'zod';
import { hasPages, type Endpoint } from '../http/core/endpoint.ts';
import { errorsOf } from './error-responses.ts';
import { parametersOfList } from './list-parameters.ts';
import type { JsonSchema, OpenApiOperation, OpenApiParameter, OpenApiResponse, Reference } from './openapi-types.ts';
import type { SchemaRegistry } from './schema-registry.ts';

const PARAMETER = /:(\w+)/g;

/** `/api/v1/clients/{id}/`: emitted URLs have the slash. A file's name has none. */
export const openApiPath = (path: string): string => {
  const named = path.replaceAll(PARAMETER, '{$1}');
  return /\.\w+$/.test(named) ? named : `${named}/`;
};

const pathParameters = (path: string): readonly OpenApiParameter[] =>
  [...path.matchAll(PARAMETER)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    schema: name === 'id' ? { type: 'integer', minimum: 1 } : { type: 'string' },
  }));

const queryParameters = (query: z.ZodObject | undefined, registry: SchemaRegistry): readonly OpenApiParameter[] => {
  const { properties = {}, required = [] } = query ? registry.ofRequest(query) : {};
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    ...(required.includes(name) ? { required: true } : {}),
    schema,
  }));
};

const ref = (name: string): Reference => ({ $ref: `#/components/parameters/${name}` });

const headerParameters = ({ method, access }: Endpoint, isVersioned: boolean): readonly Reference[] => [
  ...(method === 'POST' && access !== 'public' ? [ref('IdempotencyKey')] : []),
  ...(isVersioned && !['GET', 'POST'].includes(method) ? [ref('IfMatch')] : []),
];

const VERBS = { POST: 'Create', PATCH: 'Update', PUT: 'Replace', DELETE: 'Delete' } as const;

const camel = (words: readonly string[]): string =>
  words.map((word, index) => (index === 0 ? word : word.charAt(0).toUpperCase() + word.slice(1))).join('');

const verbOf = (endpoint: Endpoint): string => {
  if (endpoint.method !== 'GET') return VERBS[endpoint.method];
  if (hasPages(endpoint)) return 'List';
  return endpoint.path.includes(':') ? 'DetailRead' : 'Read';
};

const LEFT_OUT: ReadonlySet<string> = new Set(['', 'api', 'v1']);

/** `clientsList`, `clientsDetailRead`, `policiesLaunchCreate`. */
const operationId = (endpoint: Endpoint): string => {
  const { path } = endpoint;
  const words = path.split(/[/._]/).filter((part) => !LEFT_OUT.has(part) && !part.startsWith(':'));
  const root = path.endsWith('v1') ? 'root' : 'versions';
  return camel([...(words.length > 0 ? words : [root]), verbOf(endpoint)]);
};

const SECURITY = [{ bearer: [] }, { token: [] }, { basic: [] }] as const;

const ACCESS = {
  public: 'Anybody may call this.',
  user: 'Whoever is signed in may call this.',
  superuser: 'Superusers may call this.',
} as const;

/** What a personal token needs, as a sentence. */
const tokenNote = ({ token }: Endpoint): string => {
  if (token === undefined) return '';
  return token === 'never' ? 'No personal token may.' : `A personal token needs the scope \`${token}\`.`;
};

const JSON_TYPE = 'application/json';

const success = (endpoint: Endpoint, registry: SchemaRegistry, isVersioned: boolean): OpenApiResponse => {
  const { answers, media = [JSON_TYPE] } = endpoint;
  if (answers instanceof z.ZodVoid) return { description: 'Done; the answer is empty.' };
  const schema = registry.ofResponse(answers);
  const contents = media.map((type) => [type, { schema: type === JSON_TYPE ? schema : { type: 'string' } }] as const);
  const etag = { ETag: { description: 'Its version, for `If-Match`.', schema: { type: 'string' } } } as const;
  return {
    description: 'Done.',
    ...(isVersioned && endpoint.method !== 'DELETE' ? { headers: etag } : {}),
    content: Object.fromEntries(contents),
  };
};

const requestBody = (
  schema: JsonSchema,
  { ignoredFields = [] }: Endpoint,
): NonNullable<OpenApiOperation['requestBody']> => {
  const { properties: own = {} } = schema;
  const ignored = ignoredFields.filter((name) => !(name in own)).map((name) => [name, { readOnly: true }] as const);
  const properties = { ...own, ...Object.fromEntries(ignored) };
  return {
    required: (schema.required ?? []).length > 0,
    content: { [JSON_TYPE]: { schema: { ...schema, properties, additionalProperties: false } } },
  };
};

interface OperationOptions {
  readonly registry: SchemaRegistry;
  /** Whether the resource has versions: `ETag` and `If-Match`. */
  readonly isVersioned: boolean;
}

export const operationOf = (endpoint: Endpoint, { registry, isVersioned }: OperationOptions): OpenApiOperation => {
  const { path, access, body, list, query, tag, summary, details } = endpoint;
  const isPaged = hasPages(endpoint);
  const parameters = [
    ...pathParameters(path),
    ...queryParameters(query, registry),
    ...(isPaged ? parametersOfList(list) : []),
    ...headerParameters(endpoint, isVersioned),
  ];
  const sent = body && registry.ofRequest(body);
  return {
    operationId: operationId(endpoint),
    summary,
    description: [details, [ACCESS[access], tokenNote(endpoint)].join(' ').trim()].filter(Boolean).join('\n\n'),
    tags: [tag],
    security: access === 'public' ? [] : SECURITY,
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(sent ? { requestBody: requestBody(sent, endpoint) } : {}),
    responses: {
      ...errorsOf(endpoint, { isVersioned, isPaged }),
      [String(endpoint.success ?? 200)]: success(endpoint, registry, isVersioned),
    },
  };
};
