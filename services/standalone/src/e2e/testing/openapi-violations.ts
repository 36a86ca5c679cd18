import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { z } from 'zod';
import type { ContractServer } from './contract-server.ts';
import type { Exchange, RecordedFetch } from './recorded-fetch.ts';

const reference = z.object({ $ref: z.string() });
const response = z.object({ description: z.string(), content: z.record(z.string(), z.unknown()).optional() });
const operation = z.object({
  operationId: z.string(),
  summary: z.string().min(1),
  security: z.array(z.record(z.string(), z.array(z.string()))),
  requestBody: z.object({ content: z.object({ 'application/json': z.object({ schema: z.unknown() }) }) }).optional(),
  parameters: z.array(z.union([reference, z.object({ name: z.string(), in: z.string() })])).optional(),
  responses: z.record(z.string(), z.union([reference, response])),
});
const documentSchema = z.object({
  openapi: z.literal('3.1.0'),
  paths: z.record(z.string(), z.record(z.string(), operation)),
  components: z.object({ responses: z.record(z.string(), response) }),
});

export interface DescribedOperation {
  readonly method: string;
  /** With its parameters in braces, for example `/api/v1/users/{id}/`. */
  readonly path: string;
  readonly hasBody: boolean;
  /** JSON Schema of the body; undefined without one. */
  readonly body: unknown;
  /** Names of its own query parameters. */
  readonly query: readonly string[];
  readonly isPublic: boolean;
}

/** What an OpenAPI document says, for comparing it with what the server does. */
export interface ApiDescription {
  readonly operations: readonly DescribedOperation[];
  /** What of an answer is not as described; empty when all is well. */
  violations(exchange: Exchange): readonly string[];
}

type Document = z.output<typeof documentSchema>;

const RESPONSES = '#/components/responses/';

const escaped = (part: string): string => part.replaceAll('~', '~0').replaceAll('/', '~1');

/** Fixed names come before parameters: `/settings/generate_ssh/` before `/settings/{id}/`. */
const byFixedParts = (a: string, b: string): number => a.split('{').length - b.split('{').length;

const patternOf = (path: string): RegExp =>
  new RegExp(
    `^${path
      .replaceAll('.', '\\.')
      .replace(/\{\w+\}/g, '[^/]+')
      .replace(/\/$/, '')}/?$`,
  );

interface Described {
  /** Of the response within the document. */
  readonly pointer: string;
  readonly content: Readonly<Record<string, unknown>> | undefined;
}

/** What is described of an operation's answer with this status. */
const describedAnswer = (document: Document, path: string, method: string, status: string): Described | undefined => {
  const found = document.paths[path]?.[method]?.responses[status];
  if (found === undefined) return undefined;
  if (!('$ref' in found)) {
    return { pointer: `#/paths/${escaped(path)}/${method}/responses/${status}`, content: found.content };
  }
  const shared = document.components.responses[found.$ref.slice(RESPONSES.length)];
  return shared && { pointer: found.$ref, content: shared.content };
};

/** Undescribed methods are answered alike everywhere, and wild paths never reach an operation. */
const NEED_NO_DESCRIPTION = {
  method: (method: string, status: number): boolean => method === 'OPTIONS' || method === 'HEAD' || status === 405,
  path: (status: number): boolean => status === 404 || status === 400,
};

/** @throws z.ZodError when it is no OpenAPI 3.1 document */
export const createApiDescription = (json: unknown): ApiDescription => {
  const document = documentSchema.parse(json);
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  formats.default(ajv);
  ajv.addSchema(z.record(z.string(), z.unknown()).parse(json), 'api');
  const validators = new Map<string, ValidateFunction>();
  const paths = Object.keys(document.paths)
    .sort(byFixedParts)
    .map((path) => ({ path, pattern: patternOf(path) }));

  const validatorAt = (pointer: string): ValidateFunction => {
    const known = validators.get(pointer) ?? ajv.compile({ $ref: `api${pointer}` });
    validators.set(pointer, known);
    return known;
  };

  const contentViolations = (name: string, { pointer, content }: Described, { mediaType, body }: Exchange) => {
    if (content === undefined) return body === '' ? [] : [`${name} has a body, and none is described`];
    if (!(mediaType in content)) return [`${name} is ${mediaType || 'empty'}, which is not described`];
    if (mediaType !== 'application/json') return [];
    const validate = validatorAt(`${pointer}/content/${escaped(mediaType)}/schema`);
    if (validate(body)) return [];
    return (validate.errors ?? []).map(
      ({ instancePath, message = '', params }) => `${name}${instancePath}: ${message} ${JSON.stringify(params)}`,
    );
  };

  const violations = (exchange: Exchange): readonly string[] => {
    const { method, status } = exchange;
    const path = paths.find(({ pattern }) => pattern.test(exchange.path))?.path;
    if (path === undefined) {
      return NEED_NO_DESCRIPTION.path(status) ? [] : [`${method} ${exchange.path} is not described`];
    }
    const key = method.toLowerCase();
    if (document.paths[path]?.[key] === undefined) {
      return NEED_NO_DESCRIPTION.method(method, status) ? [] : [`${method} ${path} is not described`];
    }
    const name = `${method} ${path} ${status}`;
    const described = describedAnswer(document, path, key, String(status));
    return described === undefined ? [`${name} is not described`] : contentViolations(name, described, exchange);
  };

  return {
    operations: Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { requestBody, security, parameters = [] }]) => ({
        method: method.toUpperCase(),
        path,
        hasBody: requestBody !== undefined,
        body: requestBody?.content['application/json'].schema,
        query: parameters.flatMap((one) => ('name' in one && one.in === 'query' ? [one.name] : [])),
        isPublic: security.length === 0,
      })),
    ),
    violations,
  };
};

export const readApiDescription = async ({ send }: Pick<ContractServer, 'send'>): Promise<ApiDescription> =>
  createApiDescription((await send('GET', '/api/v1/openapi.json', { as: null })).body);

const violationsOf = ({ violations }: ApiDescription, exchanges: readonly Exchange[]): readonly string[] => {
  // Who asks for chosen fields gets these, and not what is described.
  const described = exchanges.filter(({ query }) => !query.has('fields'));
  return [...new Set(described.flatMap(violations))];
};

/** What of all that the server has answered so far is not as its own document describes it. */
export const violationsSoFar = async (server: ContractServer): Promise<readonly string[]> =>
  violationsOf(await readApiDescription(server), server.exchanges);

/** As `violationsSoFar`, for a test that records its requests itself. @param url of the server */
export const recordedViolations = async (url: string, { exchanges }: RecordedFetch): Promise<readonly string[]> => {
  const response = await fetch(`${url}/api/v1/openapi.json`);
  return violationsOf(createApiDescription(await response.json()), exchanges);
};
