/**
 * SQLSTATEs of errors that pass by themselves: the same statement may succeed a moment later. Classes of two characters, or
 * whole codes. What PostgreSQL refuses for what it was given is not among them.
 */
const PASSING = [
  '08', // connection exceptions
  '25006', // read-only: the server became a standby, and its successor is about to be found
  '40001', // serialization failure
  '40003', // the server does not know whether the statement was completed
  '40P01', // deadlock
  '53100', // disk full
  '53200', // out of memory
  '53300', // too many connections
  '55P03', // a lock was not available in time
  '57', // canceled, shutting down, starting up, crashed
  '58', // errors of the server's own disk
];

/** Of the sockets to the server, as Node names them. */
const SOCKET_ERRORS = new Set([
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

/** What `pg` says without a code. */
const CODELESS =
  /^Connection terminated|^Query read timeout|^timeout exceeded when trying to connect|^Client has encountered a connection error|after calling end on the pool/;

const textField = (error: unknown, name: 'code' | 'severity'): string => {
  if (typeof error !== 'object' || error === null) return '';
  const value: unknown = Reflect.get(error, name);
  return typeof value === 'string' ? value : '';
};

/** The five characters of a PostgreSQL error; empty for any other error. No class of them begins with an E, unlike `EPIPE`. */
export const sqlState = (error: unknown): string => {
  const code = textField(error, 'code');
  return /^[0-9A-DF-Z][0-9A-Z]{4}$/.test(code) ? code : '';
};

/**
 * True when PostgreSQL could not do what it was asked, for a reason that passes: it is gone, going, starting or full, or
 * others were in the way. The one list for all who try again, or answer `unavailable`.
 */
export const isDatabaseUnavailable = (error: unknown): boolean => {
  if (!(error instanceof Error)) return false;
  // A refused or ended connection, whatever its code.
  if (textField(error, 'severity') === 'FATAL') return true;
  const state = sqlState(error);
  if (state !== '') return PASSING.some((passing) => state.startsWith(passing));
  return SOCKET_ERRORS.has(textField(error, 'code')) || CODELESS.test(error.message);
};
