import type { FieldType } from '../sources/list-source.ts';
import { badQuery, truncateForMessage } from './query-error.ts';

/** A value in the form that is bound to a statement. */
export type SqlValue = string | boolean;

/** @throws AppError('validation') for text that PostgreSQL cannot hold */
export const parseText = (text: string): string => {
  if (text.includes('\0')) throw badQuery('Null characters are not allowed.');
  return text.toWellFormed();
};

const MAX_INTEGER = 2n ** 63n - 1n;

const parseInteger = (text: string): string => {
  if (!/^[+-]?\d{1,40}$/.test(text)) throw badQuery(`'${truncateForMessage(text)}' is not an integer`);
  const value = BigInt(text.replace('+', ''));
  if (value > MAX_INTEGER || value < -MAX_INTEGER)
    throw badQuery(`'${truncateForMessage(text)}' is too big an integer`);
  return value.toString();
};

const parseFloatValue = (text: string): string => {
  const value = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d{1,3})?$/i.test(text) ? Number(text) : NaN;
  if (!Number.isFinite(value)) throw badQuery(`'${truncateForMessage(text)}' is not a number`);
  return String(value);
};

/** @throws AppError('validation') unless it is true, t, 1, false, f or 0, in any case */
export const parseBoolean = (text: string): boolean => {
  if (/^(true|t|1)$/i.test(text)) return true;
  if (/^(false|f|0)$/i.test(text)) return false;
  throw badQuery(`Unable to convert '${truncateForMessage(text)}' to boolean`);
};

const parseUuid = (text: string): string => {
  if (!/^[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}$/i.test(text))
    throw badQuery(`'${truncateForMessage(text)}' is not a valid UUID.`);
  return text;
};

const TIMESTAMP = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(?::(\d\d(?:[.,]\d{1,6})?))?)?$/i;
/** A `+` that was not encoded as %2B arrives as a blank. */
const ZONE = /\s*(?:Z|(?<=:.*)([ +-])(\d\d):?(\d\d)?)$/i;

const isCalendarDate = (date: string): boolean => {
  const instant = new Date(`${date}T00:00:00Z`);
  return !Number.isNaN(instant.getTime()) && instant.toISOString().startsWith(date) && !date.startsWith('0000');
};

const isTimeOfDay = (time: string, seconds: string): boolean =>
  /^([01]\d|2[0-3]):[0-5]\d$/.test(time) && seconds < '60';

const MAX_OFFSET_HOURS = 15;
const MAX_TIMESTAMP_LENGTH = 40;

/** For example `+00:00`; undefined for an offset that no zone has. */
const readZone = (text: string): string | undefined => {
  const [, sign, hours = '00', minutes = '00'] = ZONE.exec(text) ?? [];
  const isOffset = Number(hours) <= MAX_OFFSET_HOURS && minutes < '60';
  return isOffset ? `${sign === '-' ? '-' : '+'}${hours}:${minutes}` : undefined;
};

const readLocal = (text: string): string | undefined => {
  const [, date = '', time = '00:00', seconds = '00'] = TIMESTAMP.exec(text) ?? [];
  return isCalendarDate(date) && isTimeOfDay(time, seconds)
    ? `${date}T${time}:${seconds.replace(',', '.')}`
    : undefined;
};

const parseTimestamp = (text: string): string => {
  const isPlausible = text.length <= MAX_TIMESTAMP_LENGTH;
  const local = isPlausible ? readLocal(text.replace(ZONE, '')) : undefined;
  const zone = isPlausible ? readZone(text) : undefined;
  if (local === undefined || zone === undefined)
    throw badQuery(
      `'${truncateForMessage(text)}' value has an invalid format. It must be in YYYY-MM-DD HH:MM[:ss[.uuuuuu]][TZ] format.`,
    );
  return `${local}${zone}`;
};

const PARSERS: Readonly<Record<FieldType, (text: string) => SqlValue>> = {
  int: parseInteger,
  float: parseFloatValue,
  text: parseText,
  bool: parseBoolean,
  timestamp: parseTimestamp,
  uuid: parseUuid,
};

/**
 * The value of a filter, checked so that PostgreSQL will take it. Timestamps without a zone are UTC.
 * @throws AppError('validation') for a value that the column cannot have
 */
export const parseValue = (type: FieldType, text: string): SqlValue => PARSERS[type](text);

/** For names that end in `__int`. @throws AppError('validation') */
export const castToInteger = (text: string): string => parseInteger(text.trim());
