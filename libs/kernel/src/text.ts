import { v5 } from 'uuid';

/**
 * Text for people and for tables: what PostgreSQL's text cannot hold becomes U+FFFD. Names in file systems are bytes, and
 * borg hands on those that are not UTF-8 as lone surrogates.
 */
export const readable = (text: string): string => text.toWellFormed().replaceAll('\0', '\uFFFD');

/** Plain data with every text in it made `readable`. */
export const withReadableTexts = (value: unknown): unknown => {
  if (typeof value === 'string') return readable(value);
  if (Array.isArray(value)) return value.map(withReadableTexts);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, withReadableTexts(one)]));
};

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;

/** A size for people, in decimal units as borg prints them: `1.2 MB`. */
export const humanBytes = (bytes: number): string => {
  const step = bytes < 1000 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** step;
  return `${step === 0 ? Math.round(value) : value.toFixed(value < 10 ? 2 : 1)} ${UNITS[step] ?? 'B'}`;
};

/** The first names of a list for a sentence: `a, b, c and 4 more`. */
export const listNames = (names: readonly string[], limit: number): string => {
  const first = names.slice(0, limit).join(', ');
  return names.length > limit ? `${first} and ${names.length - limit} more` : first;
};

/**
 * The uuid (version 5, RFC 9562) of a name in a namespace: the same for the same two, on every machine.
 * @param namespace a uuid
 */
export const nameUuid = (namespace: string, name: string): string => v5(name, namespace);
