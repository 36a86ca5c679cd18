import type { Endpoint } from '../http/core/endpoint.ts';
import { errorResponses, errorSchemas } from './error-responses.ts';
import { FILTERS_EXPLAINED, listParameters } from './list-parameters.ts';
import type { OpenApiComponents, OpenApiDocument, OpenApiOperation, OpenApiParameter } from './openapi-types.ts';
import { openApiPath, operationOf } from './operation.ts';
import { createSchemaRegistry, type SchemaRegistry } from './schema-registry.ts';

const DESCRIPTION = [
  'CyBorgBackup plans and runs backups with BorgBackup. Paths are answered with and without the slash at the end; unknown ' +
    'fields of a body are refused, those that can only be read may be sent back as they were; timestamps are UTC, ISO 8601.',
  FILTERS_EXPLAINED,
].join('\n\n');

const headers = {
  IdempotencyKey: {
    name: 'Idempotency-Key',
    in: 'header',
    description: 'Any text: the same request with the same key is done once and answered alike for 24 hours.',
    schema: { type: 'string', maxLength: 255 },
  },
  IfMatch: {
    name: 'If-Match',
    in: 'header',
    description: 'An `ETag`: the change is made only if nobody changed it since.',
    schema: { type: 'string' },
  },
} as const satisfies Readonly<Record<string, OpenApiParameter>>;

const securitySchemes = {
  bearer: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'An access token of /api/token/obtain/.',
  },
  token: {
    type: 'apiKey',
    in: 'header',
    name: 'Authorization',
    description: 'A personal API token: `Token <token>`.',
  },
  basic: { type: 'http', scheme: 'basic', description: 'Email and password.' },
} as const satisfies OpenApiComponents['securitySchemes'];

/** Resources that can be created, read, changed and deleted as one representation carry their version. */
const versionedPaths = (endpoints: readonly Endpoint[]): ReadonlySet<string> => {
  const replaced = endpoints.filter(({ method, path }) => method === 'PUT' && path.endsWith('/:id'));
  const whole = replaced.filter(({ path, answers }) =>
    endpoints.some((other) => other.method === 'POST' && `${other.path}/:id` === path && other.answers === answers),
  );
  return new Set(whole.map(({ path }) => path));
};

const isVersioned = ({ method, path }: Endpoint, versioned: ReadonlySet<string>): boolean =>
  versioned.has(path) || (method === 'POST' && versioned.has(`${path}/:id`));

const pathsOf = (endpoints: readonly Endpoint[], registry: SchemaRegistry): OpenApiDocument['paths'] => {
  const versioned = versionedPaths(endpoints);
  const paths: Record<string, Record<string, OpenApiOperation>> = {};
  for (const endpoint of endpoints) {
    const operations = (paths[openApiPath(endpoint.path)] ??= {});
    operations[endpoint.method.toLowerCase()] = operationOf(endpoint, {
      registry,
      isVersioned: isVersioned(endpoint, versioned),
    });
  }
  return paths;
};

/** The OpenAPI 3.1 document of these endpoints, from the same schemas that validate and describe them. */
export const openApiDocument = (endpoints: readonly Endpoint[], version: string): OpenApiDocument => {
  const registry = createSchemaRegistry();
  const paths = pathsOf(endpoints, registry);
  return {
    openapi: '3.1.0',
    info: {
      title: 'CyBorgBackup',
      version,
      description: DESCRIPTION,
      license: { name: 'Apache License 2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: [...new Set(endpoints.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      schemas: { ...registry.schemas, ...errorSchemas },
      parameters: { ...listParameters, ...headers },
      responses: errorResponses,
      securitySchemes,
    },
  };
};
