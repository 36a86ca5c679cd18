import { isPlainObject } from '@cyborgbackup/kernel';
import type { Column, ColumnType } from '../define/column-type.ts';

/**
 * Values in memory always have the form in which PostgreSQL gives them back, so that a fold sees the same row whether it
 * was written a page ago (and loaded) or a moment ago (and still in memory). Without this the result of a replay would
 * depend on where pages begin. `normalValue` brings a value into that form, and refuses what the column cannot hold.
 */
interface ValueCodec {
  readonly normal: (value: unknown) => unknown;
  /** The value as JSON; writes travel as one JSON parameter. */
  readonly toJson: (value: unknown) => unknown;
  /** From PostgreSQL's text. */
  readonly parse: (text: string) => unknown;
}

const same = (value: unknown): unknown => value;

const refuse = (what: string): never => {
  throw new TypeError(what);
};

const normalText = (value: unknown): string => {
  if (typeof value !== 'string') return refuse('is not a string');
  if (value.includes('\0') || !value.isWellFormed()) return refuse('has characters that PostgreSQL cannot store');
  return value;
};

/** PostgreSQL's order of jsonb keys: shorter first, equally long ones by byte. */
const byJsonbOrder = (a: string, b: string): number =>
  Buffer.byteLength(a) - Buffer.byteLength(b) || Buffer.compare(Buffer.from(a), Buffer.from(b));

const objectForm = (value: Readonly<Record<string, unknown>>): Record<string, unknown> => {
  const keys = Object.keys(value).filter((key) => value[key] !== undefined);
  // defineProperty semantics, since a key may be `__proto__`
  return Object.fromEntries(keys.sort(byJsonbOrder).map((key) => [key, jsonbForm(value[key])]));
};

/**
 * A copy of a JSON value as it would come back from a jsonb column: keys in jsonb's order, undefined properties gone.
 * @throws TypeError for what JSON cannot hold
 */
const jsonbForm = (value: unknown): unknown => {
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'string') return normalText(value);
  if (typeof value === 'number' && Number.isFinite(value)) return value + 0;
  if (Array.isArray(value)) return value.map((element) => (element === undefined ? null : jsonbForm(element)));
  return isPlainObject(value) ? objectForm(value) : refuse('holds something that is not plain JSON');
};

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** PostgreSQL takes other spellings too, and would give them back as this one: then two keys in memory were one row. */
const normalUuid = (value: unknown): string => {
  const text = normalText(value).toLowerCase();
  return UUID.test(text) ? text : refuse('is not a uuid');
};

const ISO_8601 = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:[0-5]\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)$/;

/**
 * An ISO 8601 instant in the one form that read models hold: UTC with six digits of fraction. Further digits are cut.
 * @throws TypeError when the text is no instant, or has no zone
 */
export const utcMicros = (text: string): string => {
  const [, date = '', time, fraction = '', zone] = ISO_8601.exec(text) ?? [];
  const midnight = new Date(`${date}T00:00:00Z`);
  const instant = new Date(`${date}T${time}${zone}`);
  // the 30th of February parses as a day in March
  if (Number.isNaN(instant.getTime()) || midnight.toISOString().slice(0, 10) !== date) {
    throw new TypeError('is not an ISO 8601 instant with a zone');
  }
  return `${instant.toISOString().slice(0, 19)}.${fraction.slice(0, 6).padEnd(6, '0')}Z`;
};

const normalInt4 = (value: unknown): number =>
  typeof value === 'number' && (value | 0) === value ? value + 0 : refuse('is not a 32-bit integer');

const normalSafeInt = (value: unknown): number =>
  typeof value === 'number' && Number.isSafeInteger(value) ? value + 0 : refuse('is not an integer below 2^53');

const normalInt8 = (value: unknown): bigint =>
  typeof value === 'bigint' && BigInt.asIntN(64, value) === value ? value : refuse('is not a 64-bit bigint');

const normalFloat = (value: unknown): number => (typeof value === 'number' ? value + 0 : refuse('is not a number'));

const normalBool = (value: unknown): boolean => (typeof value === 'boolean' ? value : refuse('is not a boolean'));

const normalArray =
  (element: (value: unknown) => unknown) =>
  (value: unknown): readonly unknown[] =>
    Array.isArray(value) ? value.map(element) : refuse('is not an array');

const arrayOf = (element: (value: unknown) => unknown): ValueCodec => ({
  normal: normalArray(element),
  toJson: same,
  parse: JSON.parse,
});

const VALUE_CODECS: Readonly<Record<ColumnType, ValueCodec>> = {
  uuid: { normal: normalUuid, toJson: same, parse: same },
  text: { normal: normalText, toJson: same, parse: same },
  timestamptz: { normal: (value) => utcMicros(normalText(value)), toJson: same, parse: same },
  bool: { normal: normalBool, toJson: same, parse: (text) => text === 't' },
  int4: { normal: normalInt4, toJson: same, parse: Number },
  int8: { normal: normalInt8, toJson: String, parse: BigInt },
  safeint: { normal: normalSafeInt, toJson: same, parse: Number },
  float8: { normal: normalFloat, toJson: String, parse: Number },
  'text[]': arrayOf(normalText),
  'uuid[]': arrayOf(normalUuid),
  'int4[]': arrayOf(normalInt4),
  jsonb: { normal: jsonbForm, toJson: same, parse: JSON.parse },
};

/** @throws TypeError naming the column, never the value (it may be personal) */
export const normalValue = (column: Column, value: unknown): unknown => {
  if (value === null || value === undefined) {
    return column.nullable ? null : refuse(`Column ${column.name} must not be null`);
  }
  try {
    return VALUE_CODECS[column.type].normal(value);
  } catch (error) {
    throw new TypeError(`Column ${column.name} (${column.type}): the value ${reason(error)}`, { cause: error });
  }
};

const reason = (error: unknown): string => (error instanceof Error ? error.message : 'is not usable');

/** True when a normal value is JSON as it stands. */
export const isPlainJson = ({ type }: Column): boolean => type !== 'int8' && type !== 'float8';

export const valueToJson = (column: Column, value: unknown): unknown =>
  value === null ? null : VALUE_CODECS[column.type].toJson(value);

export const parseValue = (column: Column, text: string | null): unknown =>
  text === null ? null : VALUE_CODECS[column.type].parse(text);
