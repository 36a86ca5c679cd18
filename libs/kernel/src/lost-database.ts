/** Of a server that is gone, is going, or has no room for one more connection; and of its disk or memory. */
const SQL_STATES = /^(08|53|57|58)/;

const SOCKET = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH']);

/** What pg says without a code. */
const SAYINGS =
  /^Connection terminated|^Query read timeout|^timeout exceeded when trying to connect|^Client has encountered a connection error|after calling end on the pool/;

const field = (error: Error, name: 'code' | 'severity' | 'syscall'): string | undefined => {
  const value: unknown = Reflect.get(error, name);
  return typeof value === 'string' ? value : undefined;
};

/** Whether PostgreSQL could not be asked: it is gone, going, or has no room. What it refuses for a reason is no such error. */
export const isLostDatabase = (error: unknown): boolean => {
  if (!(error instanceof Error)) return false;
  const code = field(error, 'code') ?? '';
  if (field(error, 'severity') !== undefined) return field(error, 'severity') === 'FATAL' || SQL_STATES.test(code);
  if (field(error, 'syscall') !== undefined) return SOCKET.has(code);
  return SAYINGS.test(error.message);
};
