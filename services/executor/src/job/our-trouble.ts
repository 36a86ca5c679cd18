import { hasCode } from '@cyborgbackup/kernel';

/** Of a server that is gone, is going, or has no room for one more connection; and of its disk or memory. */
const SQL_STATES = /^(08|53|57|58)/;

const SOCKET = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH']);

/** What pg says without a code. */
const SAYINGS =
  /^Connection terminated|^timeout exceeded when trying to connect|^Client has encountered a connection error|after calling end on the pool/;

const field = (error: Error, name: 'code' | 'severity' | 'syscall'): string | undefined => {
  const value: unknown = Reflect.get(error, name);
  return typeof value === 'string' ? value : undefined;
};

const isLostDatabase = (error: unknown): boolean => {
  if (!(error instanceof Error)) return false;
  const code = field(error, 'code') ?? '';
  if (field(error, 'severity') !== undefined) return field(error, 'severity') === 'FATAL' || SQL_STATES.test(code);
  if (field(error, 'syscall') !== undefined) return SOCKET.has(code);
  return SAYINGS.test(error.message);
};

/**
 * Trouble of our own parts: the log, the database, NATS, another service. It is no result of a job, and worth another try.
 * Connections to clients and repositories have errors of their own, see `SshError`.
 */
export const isOurTrouble = (error: unknown): boolean =>
  hasCode(error, 'unavailable') || hasCode(error, 'deadline') || isLostDatabase(error);
