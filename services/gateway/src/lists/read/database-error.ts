import { sqlState } from '@cyborgbackup/kernel';
import { badQuery } from '../parse/query-error.ts';

/** The SQLSTATE of an error, or of what caused it. */
const causingState = (error: unknown): string =>
  sqlState(error) || (error instanceof Error && error.cause !== undefined ? causingState(error.cause) : '');

const INVALID_REGEX = '2201B';
const CANCELED = '57014';
/** Data exceptions, and limits of PostgreSQL such as the depth of a statement: what was asked for caused both. */
const CALLERS_FAULT = /^(22|54)/;

/** What the caller should hear of a statement that failed; undefined when it is not the caller's fault. */
export const queryFault = (error: unknown, { hasRegex }: { readonly hasRegex: boolean }): Error | undefined => {
  const state = causingState(error);
  if (hasRegex && state === CANCELED) return badQuery('The regular expression takes too long: make it simpler', error);
  if (state === INVALID_REGEX) return badQuery('The regular expression is not valid', error);
  return CALLERS_FAULT.test(state) ? badQuery('The filters cannot be applied: check their values', error) : undefined;
};
