import { messageOf } from '@cyborgbackup/kernel';
import { SshError, type SshFailure } from './error.ts';

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';

const levelOf = (error: unknown): string =>
  error instanceof Error && 'level' in error && typeof error.level === 'string' ? error.level : '';

const SOCKET_FAILURES: Readonly<Record<string, readonly [SshFailure, string]>> = {
  ENOTFOUND: ['unknown-host', 'the name does not resolve. Is it spelled right, and does the DNS know it?'],
  EAI_AGAIN: ['unknown-host', 'the name server does not answer. Is DNS working on this machine?'],
  ECONNREFUSED: ['refused', 'connection refused. Is sshd running there and the port right?'],
  EHOSTUNREACH: ['unreachable', 'no route to the host. Is it switched on and in this network?'],
  ENETUNREACH: ['unreachable', 'the network is unreachable. Is this machine online?'],
  ETIMEDOUT: ['timeout', 'no answer. Is the host up, and does a firewall let us through?'],
  ECONNRESET: ['protocol', 'the connection was reset before we were logged in. Is it sshd that listens there?'],
};

/** Turns whatever stopped a connection from standing into one sentence. */
export const explainConnectError = (error: unknown, target: { host: string; port: number; user: string }): SshError => {
  if (error instanceof SshError) return error;
  const where = `${target.host}:${target.port}`;
  const known = SOCKET_FAILURES[codeOf(error)];
  if (known) return new SshError(known[0], `Cannot reach ${where}: ${known[1]}`, error);
  if (levelOf(error) === 'client-authentication') {
    return new SshError(
      'auth',
      `${target.user}@${where} does not accept our key. Is its public half in that account's authorized_keys?`,
      error,
    );
  }
  if (messageOf(error).includes('before handshake')) {
    return new SshError(
      'protocol',
      `Cannot talk to ${where}: it closed the connection at once. Is it sshd that listens there?`,
      error,
    );
  }
  return new SshError('protocol', `Cannot talk to ${where}: ${messageOf(error)}.`, error);
};
