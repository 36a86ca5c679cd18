import { isRecord } from '@cyborgbackup/kernel';

/** A JSON object whose fields are still to be looked at. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** The object in a line of JSON; undefined for anything else. */
export const parseObject = (text: string): JsonObject | undefined => {
  if (!text.startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
};

export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** A size or count; 0 for what is missing, negative or beyond 2^53. */
export const countOf = (value: unknown): number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : 0;
