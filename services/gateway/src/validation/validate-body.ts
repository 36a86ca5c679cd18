import { isRecord, type FieldErrors } from '@cyborgbackup/kernel';
import type { z } from 'zod';
import { invalidFields } from '../http/core/http-error.ts';
import { coerce } from './coerce.ts';
import { messageOfIssue } from './messages.ts';

/** Messages for the whole body rather than a field of it. */
const WHOLE_BODY = '__all__';

const at = (value: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>((inner, key) => {
    if (typeof inner !== 'object' || inner === null) return undefined;
    return Object.getOwnPropertyDescriptor(inner, key)?.value;
  }, value);

/** PostgreSQL, JSON in NATS and borg all need well-formed Unicode: no half of a surrogate pair. */
const isText = (value: unknown): boolean => {
  if (typeof value === 'string') return value.isWellFormed();
  return Array.isArray(value) ? value.every(isText) : true;
};

const brokenText = (fields: Readonly<Record<string, unknown>>): readonly string[] =>
  Object.entries(fields).flatMap(([name, value]) => (isText(value) ? [] : [name]));

/** Keeps the answer short. */
const MAX_UNKNOWN = 20;

/** Unknown fields are refused, since a misspelt `dry_run` would otherwise restore for real. */
const unknownFields = (body: object, known: readonly string[], ignored: readonly string[]): FieldErrors => {
  const accepted = new Set([...known, ...ignored]);
  const unknown = Object.keys(body).filter((name) => !accepted.has(name));
  const message =
    known.length === 0 ? 'Unknown field: none is expected here.' : `Unknown field; known: ${known.join(', ')}.`;
  return Object.fromEntries(unknown.slice(0, MAX_UNKNOWN).map((name) => [name, [message]]));
};

/** All messages by field, each once. */
const fieldErrors = (
  body: unknown,
  issues: readonly z.core.$ZodIssue[],
  unknown: FieldErrors,
): Map<string, Set<string>> => {
  const errors = new Map(Object.entries(unknown).map(([field, messages]) => [field, new Set(messages)]));
  for (const issue of issues) {
    const [field = WHOLE_BODY] = issue.path;
    const messages = errors.get(String(field)) ?? new Set<string>();
    errors.set(String(field), messages.add(messageOfIssue(issue, at(body, issue.path))));
  }
  for (const field of isRecord(body) ? brokenText(body) : []) {
    if (!errors.has(field)) errors.set(field, new Set(['Not a valid string.']));
  }
  return errors;
};

/**
 * A request's body as its schema gives it.
 * @param ignoredFields fields that are accepted and left out
 * @throws HttpError 400 with the messages of all fields that are wrong or unknown
 */
export const validateBody = <Schema extends z.ZodObject>(
  schema: Schema,
  body: unknown,
  ignoredFields: readonly string[] = [],
): z.output<Schema> => {
  if (!isRecord(body)) throw invalidFields({ [WHOLE_BODY]: ['Invalid data. Expected a dictionary.'] });
  const coerced = coerce(schema, body);
  const result = schema.safeParse(coerced);
  const unknown = unknownFields(body, Object.keys(schema.shape), ignoredFields);
  const errors = fieldErrors(coerced, result.error?.issues ?? [], unknown);
  if (result.success && errors.size === 0) return result.data;
  throw invalidFields(Object.fromEntries([...errors].map(([field, messages]) => [field, [...messages]])));
};
