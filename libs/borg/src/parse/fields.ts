import { isRecord } from '@cyborgbackup/kernel';
import { parseBoundedJson } from './bounded-json.ts';

/** A JSON object whose fields are still to be looked at. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** The object in a line of JSON; undefined for anything else. */
export const parseObject = (text: string): JsonObject | undefined => {
  if (!text.startsWith('{')) return undefined;
  try {
    const value = parseBoundedJson(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
};

export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** What a table has under a name that a host chose: every object has a `constructor` and a `__proto__`. */
export const ownEntry = <T>(table: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(table, name) ? table[name] : undefined;

/** A size or count; 0 for what is missing, negative or beyond 2^53. */
export const countOf = (value: unknown): number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : 0;

const ISO = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?)(Z|[+-]\d\d:\d\d)?$/;

/**
 * Borg's times as ISO 8601 in UTC. Borg 1.2 writes local time without a zone; we run it with `TZ=UTC`, so that is UTC
 * (and keeps its microseconds). Later versions add the offset.
 * @returns undefined for anything else
 */
export const toIsoUtc = (text: unknown): string | undefined => {
  const match = typeof text === 'string' ? ISO.exec(text) : null;
  if (!match) return undefined;
  const [, naive = '', zone] = match;
  const isUtc = zone === undefined || zone === 'Z' || zone === '+00:00';
  const date = new Date(`${naive}${isUtc ? 'Z' : zone}`);
  if (Number.isNaN(date.getTime())) return undefined;
  return isUtc ? `${naive}Z` : date.toISOString();
};

/** Seconds since the epoch, as in log lines, as ISO 8601 in UTC. */
export const isoOfSeconds = (seconds: unknown): string | undefined => {
  if (typeof seconds !== 'number' || Math.abs(seconds) > 8.64e12) return undefined;
  return new Date(seconds * 1000).toISOString();
};
