import { z } from 'zod';
import type { JsonSchema } from './openapi-types.ts';

/** Turns zod schemas into JSON Schemas, with those of resources as named components. */
export interface SchemaRegistry {
  /** What a client sends: fields with a default may be left out. */
  ofRequest(schema: z.ZodType): JsonSchema;
  /** What a client gets; representations of resources become references. */
  ofResponse(schema: z.ZodType): JsonSchema;
  readonly schemas: Readonly<Record<string, JsonSchema>>;
}

const isUnsafe = (bound: unknown): boolean => typeof bound === 'number' && Math.abs(bound) === Number.MAX_SAFE_INTEGER;

/** Patterns of texts that a database can hold (no NUL, no half of a surrogate pair), which all answers match. */
const TEXT_PATTERNS: ReadonlySet<unknown> = new Set([String.raw`^[^\0]*$`, String.raw`^\P{Cs}*$`]);

const isTextPattern = ({ pattern }: z.core.JSONSchema.BaseSchema): boolean => TEXT_PATTERNS.has(pattern);

/** Removes what is of no use to a reader: bounds of every integer, the pattern behind a format, our own keywords. */
const tidy = ({ jsonSchema }: { jsonSchema: z.core.JSONSchema.BaseSchema }): void => {
  if (isUnsafe(jsonSchema.minimum)) delete jsonSchema.minimum;
  if (isUnsafe(jsonSchema.maximum)) delete jsonSchema.maximum;
  if (jsonSchema.format !== undefined) delete jsonSchema.pattern;
  if (jsonSchema.allOf?.every(isTextPattern)) delete jsonSchema.allOf;
  delete jsonSchema['verbatim'];
  const bare: Record<string, unknown> = jsonSchema;
  if (bare['json'] === true) bare['type'] = ['object', 'string'];
  delete bare['json'];
};

/** Only `z.json()` makes definitions and references. It accepts any JSON, as does a schema without keywords. */
const withoutDefinitions = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withoutDefinitions);
  if (typeof value !== 'object' || value === null) return value;
  if ('$ref' in value) return {};
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutDefinitions(inner)]));
};

const isJsonSchema = (value: unknown): value is JsonSchema => typeof value === 'object' && value !== null;

const convert = (schema: z.ZodType, io: 'input' | 'output'): JsonSchema => {
  const converted = z.toJSONSchema(schema, { io, unrepresentable: 'any', override: tidy });
  const { $schema: _dialect, $defs: _definitions, ...rest } = converted;
  const plain = withoutDefinitions({ ...rest });
  return isJsonSchema(plain) ? plain : {};
};

const capitalised = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

/** `JobEvent` for a representation whose `type` is always `job_event`. */
const nameOf = (schema: z.ZodObject): string | undefined => {
  const type: unknown = schema.shape['type'];
  const value = type instanceof z.ZodLiteral ? type.value : undefined;
  return typeof value === 'string' && /^[a-z][a-z_]*$/.test(value)
    ? value.split('_').map(capitalised).join('')
    : undefined;
};

const isSchema = (value: unknown): value is z.ZodType => value instanceof z.ZodType;

export const createSchemaRegistry = (): SchemaRegistry => {
  const schemas: Record<string, JsonSchema> = {};
  const owners = new Map<string, z.ZodType>();

  /** The first schema of a name has it; others of that name are written out where they are used. */
  const nameFor = (schema: z.ZodType): string | undefined => {
    const name = schema instanceof z.ZodObject ? nameOf(schema) : undefined;
    if (name === undefined) return undefined;
    if (!owners.has(name)) owners.set(name, schema);
    return owners.get(name) === schema ? name : undefined;
  };

  const ofResponse = (schema: z.ZodType): JsonSchema => {
    const name = nameFor(schema);
    if (name !== undefined) {
      schemas[name] ??= convert(schema, 'output');
      return { $ref: `#/components/schemas/${name}` };
    }
    const results: unknown = schema instanceof z.ZodObject ? schema.shape['results'] : undefined;
    if (!(results instanceof z.ZodArray) || !isSchema(results.element)) return convert(schema, 'output');
    const page = convert(schema, 'output');
    return {
      ...page,
      properties: { ...page.properties, results: { type: 'array', items: ofResponse(results.element) } },
    };
  };

  return { ofRequest: (schema) => convert(schema, 'input'), ofResponse, schemas };
};
