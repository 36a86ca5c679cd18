import { AppError, type ErrorCode, messageOf } from '@cyborgbackup/kernel';

const CODES = {
  'no-name': 'conflict', // what stands for its name is no host name
  'unknown-host': 'unavailable', // its name does not resolve
  refused: 'unavailable', // nothing listens there
  unreachable: 'unavailable', // no route
  timeout: 'unavailable', // no answer, or not within the time allowed
  auth: 'conflict', // the key is not accepted, or cannot be used
  'login-method': 'conflict', // a key alone does not log in, whichever it is
  'host-key': 'conflict', // another key than the pinned one
  protocol: 'unavailable', // something answers, but we cannot talk to it
  'no-shell': 'conflict', // logged in, but commands are not run
  'no-session': 'conflict', // logged in, but no channel is opened
  'no-start': 'unavailable', // commands are run, but this one could not be started
  'too-much': 'conflict', // a command printed more than is read
  lost: 'unavailable', // the connection broke after it stood; what ran there may go on for a while
  unheard: 'unavailable', // what ran there was stopped, since it did not hear us
  aborted: 'unavailable', // by our own signal
} as const satisfies Record<string, ErrorCode>;

/** Why a host could not be reached or a connection ended. */
export type SshErrorKind = keyof typeof CODES;

/** A failed SSH connection or command: one sentence for people, `kind` for programs (also as `details.kind`). */
export class SshError extends AppError {
  readonly kind: SshErrorKind;

  constructor(kind: SshErrorKind, message: string, cause?: unknown) {
    super(CODES[kind], message, { details: { kind }, cause });
    this.kind = kind;
  }
}

export const isSshError = (error: unknown, kind?: SshErrorKind): error is SshError =>
  error instanceof SshError && (kind === undefined || error.kind === kind);

const SOCKET_FAILURES: Readonly<Record<string, readonly [SshErrorKind, string]>> = {
  ENOTFOUND: ['unknown-host', 'the name does not resolve. Is it spelled right, and does the DNS know it?'],
  EAI_AGAIN: ['unknown-host', 'the name server does not answer. Is DNS working on this machine?'],
  ECONNREFUSED: ['refused', 'connection refused. Is sshd running there and the port right?'],
  EHOSTUNREACH: ['unreachable', 'no route to the host. Is it switched on and in this network?'],
  ENETUNREACH: ['unreachable', 'the network is unreachable. Is this machine online?'],
  ETIMEDOUT: ['timeout', 'no answer. Is the host up, and does a firewall let us through?'],
  ECONNRESET: ['protocol', 'the connection was reset before we were logged in. Is it sshd that listens there?'],
};

/** What a host said of a login that failed. */
export interface RefusedLogin {
  /** It took our key, and asked for something more. */
  readonly isPartial: boolean;
  /** The methods that it has left; undefined when it did not say. */
  readonly methods: readonly string[] | undefined;
}

/** A login that failed, in one sentence. */
const explainRefusal = (account: string, { isPartial, methods }: RefusedLogin, cause: Error): SshError => {
  const asked = methods?.length ? methods.join(', ') : 'nothing more';
  if (isPartial) {
    return new SshError(
      'login-method',
      `${account} takes our key and asks for a second factor too (${asked}), which nobody is there to give: exempt this account in its sshd_config, with "AuthenticationMethods publickey" below a "Match User".`,
      cause,
    );
  }
  if (methods && !methods.includes('publickey')) {
    return new SshError(
      'login-method',
      `${account} lets nobody in with a key (it offers ${asked}): its sshd_config needs "PubkeyAuthentication yes", and no AuthenticationMethods without publickey.`,
      cause,
    );
  }
  return new SshError(
    'auth',
    `${account} does not accept our key. Is its public half in that account's authorized_keys?`,
    cause,
  );
};

/** A connection that could not be made, in one sentence. `code` is a system error's, `level` the stage that ssh2 was in. */
export const explainConnectError = (
  error: Error & { code?: unknown; level?: unknown },
  { host, port, user }: { host: string; port: number; user: string },
  refused: RefusedLogin,
): SshError => {
  const where = `${host}:${port}`;
  const known = SOCKET_FAILURES[String(error.code)];
  if (known) return new SshError(known[0], `Cannot reach ${where}: ${known[1]}`, error);
  if (error.level === 'client-authentication') return explainRefusal(`${user}@${where}`, refused, error);
  const why = messageOf(error).includes('before handshake')
    ? 'it closed the connection at once. Is it sshd that listens there?'
    : `${messageOf(error)}.`;
  return new SshError('protocol', `Cannot talk to ${where}: ${why}`, error);
};
