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
