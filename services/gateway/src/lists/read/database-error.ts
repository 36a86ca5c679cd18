import { badQuery } from '../parse/query-error.ts';

/** The SQLSTATE of an error, or of what caused it. */
const sqlState = (error: unknown): string => {
  if (typeof error !== 'object' || error === null) return '';
  if ('code' in error && typeof error.code === 'string' && /^[0-9A-Z]{5}$/.test(error.code)) return error.code;
  return 'cause' in error ? sqlState(error.cause) : '';
};

const INVALID_REGEX = '2201B';
const CANCELED = '57014';
/** Data exceptions, and limits of PostgreSQL such as the depth of a statement: what was asked for caused both. */
const CALLERS_FAULT = /^(22|54)/;

/** What the caller should hear of a statement that failed; undefined when it is not the caller's fault. */
export const queryFault = (error: unknown, { hasRegex }: { readonly hasRegex: boolean }): Error | undefined => {
  const state = sqlState(error);
  if (hasRegex && state === CANCELED) return badQuery('The regular expression takes too long: make it simpler', error);
  if (state === INVALID_REGEX) return badQuery('The regular expression is not valid', error);
  return CALLERS_FAULT.test(state) ? badQuery('The filters cannot be applied: check their values', error) : undefined;
};
