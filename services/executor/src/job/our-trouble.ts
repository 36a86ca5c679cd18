import { hasCode, isDatabaseUnavailable } from '@cyborgbackup/kernel';

/**
 * Trouble of our own parts: the log, the database, NATS, another service. It is no result of a job, and worth another try.
 * Connections to clients and repositories have errors of their own, see `SshError`.
 */
export const isOurTrouble = (error: unknown): boolean =>
  hasCode(error, 'unavailable') || hasCode(error, 'deadline') || isDatabaseUnavailable(error);
