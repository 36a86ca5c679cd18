import type { Endpoint } from '../http/core/endpoint.ts';
import type { JsonSchema, OpenApiContent, OpenApiResponse, Reference } from './openapi-types.ts';

export const errorSchemas = {
  Detail: {
    type: 'object',
    properties: { detail: { type: 'string', description: 'One sentence that says what is wrong.' } },
    required: ['detail'],
  },
  FieldErrors: {
    type: 'object',
    description: 'What is wrong, by field; `__all__` for the body as a whole.',
    additionalProperties: { type: 'array', items: { type: 'string' } },
  },
} as const satisfies Readonly<Record<string, JsonSchema>>;

const schemaRef = (name: keyof typeof errorSchemas): JsonSchema => ({ $ref: `#/components/schemas/${name}` });

const json = (schema: JsonSchema): OpenApiContent => ({ 'application/json': { schema } });

const withDetail = (description: string): OpenApiResponse => ({ description, content: json(schemaRef('Detail')) });

const retryAfter = {
  'Retry-After': { description: 'Seconds after which to try again.', schema: { type: 'integer' } },
} as const;

/** The errors that endpoints have in common, by status. */
export const errorResponses = {
  '202': withDetail('Recorded; it will be visible shortly without a further request.'),
  '400': {
    description: 'What was sent is wrong: the fields with their messages, or one sentence.',
    content: json({ anyOf: [schemaRef('Detail'), schemaRef('FieldErrors')] }),
  },
  '401': {
    ...withDetail('Nobody is signed in, or the credentials are wrong or expired.'),
    headers: { 'WWW-Authenticate': { description: 'How to sign in.', schema: { type: 'string' } } },
  },
  '403': withDetail('The caller may not do this.'),
  '404': withDetail('There is no such thing, or no such page.'),
  '405': {
    ...withDetail('Not in this state.'),
    headers: { Allow: { description: 'The methods that there are.', schema: { type: 'string' } } },
  },
  '409': {
    description: 'The present state does not allow it; the sentence says why.',
    content: json({ type: 'object' }),
  },
  '412': withDetail('It was changed since it was read: `If-Match` names another version.'),
  '413': withDetail('The body is too large.'),
  '415': withDetail('The body is not JSON.'),
  '429': { ...withDetail('Too many requests or failed attempts to sign in.'), headers: retryAfter },
  '503': { ...withDetail('A part that is needed is down, or the answer took too long.'), headers: retryAfter },
} as const satisfies Readonly<Record<string, OpenApiResponse>>;

type ErrorStatus = keyof typeof errorResponses;

/** @param isVersioned whether `If-Match` is obeyed */
export const errorsOf = (
  { method, path, access, body, statuses = {} }: Endpoint,
  { isVersioned, isPaged }: { readonly isVersioned: boolean; readonly isPaged: boolean },
): Readonly<Record<string, Reference | OpenApiResponse>> => {
  const writes = method !== 'GET' && access !== 'public';
  // Without a schema, the body of a POST is read and has to be empty.
  const readsBody = body !== undefined || method === 'POST';
  const present: readonly (readonly [ErrorStatus, boolean])[] = [
    ['202', writes],
    ['400', true],
    ['401', access !== 'public'],
    ['403', access !== 'public'],
    ['404', path.includes(':') || isPaged],
    ['405', writes && path.includes('/jobs/:id/')],
    ['409', writes],
    ['412', isVersioned && writes && method !== 'POST'],
    ['413', readsBody],
    ['415', readsBody],
    ['429', true],
    ['503', true],
  ];
  const common = present.flatMap(([status, is]) =>
    is ? [[status, { $ref: `#/components/responses/${status}` }] as const] : [],
  );
  const own = Object.entries(statuses).map(
    ([status, meaning]) => [status, Number(status) < 300 ? { description: meaning } : withDetail(meaning)] as const,
  );
  return Object.fromEntries<Reference | OpenApiResponse>([...common, ...own]);
};
