import { POLICY_TYPES } from '@cyborgbackup/contracts';
import { z } from 'zod';
import type { Context } from 'koa';
import type { Endpoint } from '../http/core/endpoint.ts';
import { MAX_SIZE } from '../lists/parse/page-parameters.ts';
import { addressOf } from '../middleware/request-context.ts';
import { refusalOf, type ServeDeps } from './serve-endpoint.ts';
import { unwrapSchema } from '../validation/unwrap-schema.ts';

interface FieldInfo {
  readonly type: string;
  readonly required: boolean;
  readonly read_only: boolean;
  readonly label: string;
  readonly [more: string]: unknown;
}

/** Display names of choices; a value without one is its own. */
const LABELS = new Map<string, string>(Object.entries(POLICY_TYPES));

const choices = (schema: z.ZodEnum): readonly (readonly [string, string])[] =>
  schema.options.map((value) => [String(value), LABELS.get(String(value)) ?? String(value)] as const);

const typeOf = (schema: z.ZodType): Readonly<Record<string, unknown>> => {
  if (schema instanceof z.ZodEnum) return { type: 'choice', choices: choices(schema) };
  if (schema instanceof z.ZodBoolean) return { type: 'boolean' };
  if (schema instanceof z.ZodNumber) return { type: 'integer', ...bounds(schema.minValue, schema.maxValue) };
  if (schema instanceof z.ZodString) return { type: 'string', ...maxLength(schema.maxLength) };
  if (schema instanceof z.ZodArray) {
    const { element } = schema;
    return { type: 'list', ...(element instanceof z.ZodType ? { child: typeOf(element) } : {}) };
  }
  return { type: schema instanceof z.ZodObject || schema instanceof z.ZodRecord ? 'nested object' : 'field' };
};

const isBound = (value: number | null): value is number => value !== null && Number.isSafeInteger(value);

const bounds = (min: number | null, max: number | null): Readonly<Record<string, number>> => ({
  ...(isBound(min) && min !== Number.MIN_SAFE_INTEGER ? { min_value: min } : {}),
  ...(isBound(max) && max !== Number.MAX_SAFE_INTEGER ? { max_value: max } : {}),
});

const maxLength = (max: number | null): Readonly<Record<string, number>> => (max === null ? {} : { max_length: max });

const labelOf = (name: string): string => {
  const words = name.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
};

const fieldsOf = ({ shape }: z.ZodObject): readonly (readonly [string, z.ZodType])[] =>
  Object.entries<unknown>(shape).flatMap(([name, field]) =>
    field instanceof z.ZodType ? [[name, field] as const] : [],
  );

const itemsOf = (schema: z.ZodType): z.ZodType => {
  const results: unknown = schema instanceof z.ZodObject ? schema.shape['results'] : undefined;
  return results instanceof z.ZodArray && results.element instanceof z.ZodType ? results.element : schema;
};

/** The fields of a body or of an answer (of a list: of its items), as OPTIONS shows them. */
const describeFields = (
  schema: z.ZodType,
  { isReadOnly }: { readonly isReadOnly: boolean },
): Readonly<Record<string, FieldInfo>> => {
  const item = itemsOf(schema);
  if (!(item instanceof z.ZodObject)) return {};
  const fields = fieldsOf(item).map(([name, field]): [string, FieldInfo] => {
    const { inner, isRequired, fallback } = unwrapSchema(field);
    const info = { required: isRequired && !isReadOnly, read_only: isReadOnly, label: labelOf(name) };
    const known = fallback === undefined || isReadOnly ? {} : { default: fallback };
    return [name, { type: 'field', ...typeOf(inner), ...info, ...known }];
  });
  return Object.fromEntries(fields);
};

const listMetadata = (endpoints: readonly Endpoint[]): object => {
  const list = endpoints.find((one) => one.list)?.list;
  if (!list) return {};
  const related = Object.keys(list.relations).map((name) => `${name}__search`);
  return { types: [list.type], search_fields: list.search, related_search_fields: related, max_page_size: MAX_SIZE };
};

/** The answer to OPTIONS; `actions` has only the methods that the caller may use. */
export const describeEndpoints = async (
  endpoints: readonly Endpoint[],
  ctx: Context,
  { authenticate }: ServeDeps,
): Promise<object> => {
  const caller = await authenticate(ctx.get('Authorization'), addressOf(ctx));
  const permitted = caller ? endpoints.filter((endpoint) => !refusalOf(endpoint, caller)) : [];
  const actions = Object.fromEntries(
    permitted.flatMap(({ method, answers, body }): readonly (readonly [string, object])[] => {
      if (method === 'GET') return [[method, describeFields(answers, { isReadOnly: true })]];
      return body ? [[method, describeFields(body, { isReadOnly: false })]] : [];
    }),
  );
  const [first] = endpoints;
  return {
    name: first?.tag ?? '',
    description: first?.summary ?? '',
    renders: ['application/json'],
    parses: ['application/json'],
    ...(permitted.length > 0 ? { actions } : {}),
    ...listMetadata(endpoints),
  };
};
