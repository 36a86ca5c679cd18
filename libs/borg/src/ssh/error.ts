import { AppError, type ErrorCode } from '@cyborgbackup/kernel';

/** Why a host could not be reached or a connection ended. */
export type SshFailure =
  | 'unknown-host' // its name does not resolve
  | 'refused' // nothing listens there
  | 'unreachable' // no route
  | 'timeout' // no answer, or not within the time allowed
  | 'auth' // the key is not accepted, or cannot be used
  | 'host-key' // another key than the pinned one
  | 'protocol' // something answers, but we cannot talk to it
  | 'no-shell' // logged in, but commands are not run
  | 'no-start' // commands are run, but this one could not be started
  | 'too-much' // a command printed more than is read
  | 'lost' // the connection broke after it stood
  | 'aborted'; // by our own signal

const CODES: Readonly<Record<SshFailure, ErrorCode>> = {
  'unknown-host': 'unavailable',
  refused: 'unavailable',
  unreachable: 'unavailable',
  timeout: 'unavailable',
  auth: 'conflict',
  'host-key': 'conflict',
  protocol: 'unavailable',
  'no-shell': 'conflict',
  'no-start': 'unavailable',
  'too-much': 'conflict',
  lost: 'unavailable',
  aborted: 'unavailable',
};

/** A failed SSH connection or command: one sentence for people, `kind` for programs (also as `details.kind`). */
export class SshError extends AppError {
  readonly kind: SshFailure;

  constructor(kind: SshFailure, message: string, cause?: unknown) {
    super(CODES[kind], message, { details: { kind }, cause });
    this.kind = kind;
  }
}

export const isSshError = (error: unknown, kind?: SshFailure): error is SshError =>
  error instanceof SshError && (kind === undefined || error.kind === kind);
