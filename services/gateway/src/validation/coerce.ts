import { isRecord } from '@cyborgbackup/kernel';
import { z } from 'zod';
import { unwrapSchema } from './unwrap-schema.ts';

/**
 * Converts a body to the types of the schema by Django REST framework's rules, which clients of the API rely on: text is
 * trimmed, numbers are accepted as text, text as numbers, the usual words as booleans, and null as the empty text. Unknown
 * fields are left out. All other values are left for the schema to refuse.
 *
 * A text schema with `.meta({ verbatim: true })` is not trimmed, for example a password. One with `.meta({ json: true })`
 * accepts JSON as well as its text.
 */
export const coerce = (schema: z.ZodType, value: unknown): unknown => {
  const { inner, isNullable } = unwrapSchema(schema);
  if (value === null && isNullable) return null;
  const rule = RULES.find(([applies]) => applies(inner));
  return rule ? rule[1](inner, value) : value;
};

const TRUE_WORDS = new Set(['t', 'y', 'yes', 'true', 'on', '1']);
const FALSE_WORDS = new Set(['f', 'n', 'no', 'false', 'off', '0']);

const toText = (schema: z.ZodType, value: unknown): unknown => {
  if (value === null) return '';
  if (typeof value === 'object' && schema.meta()?.['json'] === true) return JSON.stringify(value);
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'string') return value;
  return schema.meta()?.['verbatim'] === true ? value : value.trim();
};

const toInteger = (_schema: z.ZodType, value: unknown): unknown =>
  typeof value === 'string' && /^\s*[+-]?\d{1,16}(\.0*)?\s*$/.test(value) ? Number(value) : value;

const toBoolean = (_schema: z.ZodType, value: unknown): unknown => {
  const word = typeof value === 'string' || typeof value === 'number' ? String(value).trim().toLowerCase() : undefined;
  if (word === undefined) return value;
  if (TRUE_WORDS.has(word)) return true;
  return FALSE_WORDS.has(word) ? false : value;
};

const toChoice = (_schema: z.ZodType, value: unknown): unknown => (typeof value === 'number' ? String(value) : value);

const toItems = (schema: z.ZodType, value: unknown): unknown => {
  if (!(schema instanceof z.ZodArray) || !Array.isArray(value)) return value;
  const { element } = schema;
  return value.map((item: unknown) => (element instanceof z.ZodType ? coerce(element, item) : item));
};

const toFields = (schema: z.ZodType, value: unknown): unknown => {
  if (!(schema instanceof z.ZodObject) || !isRecord(value)) return value;
  const sent = new Map<string, unknown>(Object.entries(value));
  const known = Object.entries<unknown>(schema.shape).filter(([name]) => sent.has(name));
  return Object.fromEntries(
    known.map(([name, field]) => [name, field instanceof z.ZodType ? coerce(field, sent.get(name)) : undefined]),
  );
};

type Rule = readonly [applies: (schema: z.ZodType) => boolean, convert: (schema: z.ZodType, value: unknown) => unknown];

const RULES: readonly Rule[] = [
  [(schema) => schema instanceof z.ZodString || schema instanceof z.ZodStringFormat, toText],
  [(schema) => schema instanceof z.ZodNumber, toInteger],
  [(schema) => schema instanceof z.ZodBoolean, toBoolean],
  [(schema) => schema instanceof z.ZodEnum, toChoice],
  [(schema) => schema instanceof z.ZodArray, toItems],
  [(schema) => schema instanceof z.ZodObject, toFields],
];
