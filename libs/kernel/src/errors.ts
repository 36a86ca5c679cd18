import { isDatabaseUnavailable } from './database-errors.ts';

/**
 * Errors that may cross a process boundary. Across it an error is a stable code, never a class:
 * the receiving side looks at `code` (through `isAppError`), not at `instanceof`.
 */
export const ERROR_CODES = [
  'validation', // the caller sent something wrong; `fields` says what
  'unauthenticated', // no caller, or one that we cannot identify
  'forbidden', // a caller who may not do this
  'not-found',
  'conflict', // a state that does not allow the command, or a value already taken
  'version-conflict', // the stream (or the ETag) moved on since it was read
  'rate-limited',
  'deadline', // no answer within the time allowed; the command may or may not have been handled
  'unavailable', // a part we depend on is down; trying again later is right
  'internal', // a defect of ours; details are in the log, never in the message
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** Messages by field name; `__all__` holds what concerns several fields at once. */
export type FieldErrors = Readonly<Record<string, readonly string[]>>;

/** What an error looks like on the wire. */
export interface WireError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly fields?: FieldErrors;
  /** Machine-readable particulars, for example the users of a thing that cannot be deleted. */
  readonly details?: Readonly<Record<string, unknown>>;
}

interface AppErrorOptions extends ErrorOptions {
  readonly fields?: FieldErrors | undefined;
  readonly details?: Readonly<Record<string, unknown>> | undefined;
}

/** An error with a stable code. The message is shown to people: one sentence that says what to do next. */
export class AppError extends Error implements WireError {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  declare readonly fields?: FieldErrors;
  declare readonly details?: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    if (options.fields) this.fields = options.fields;
    if (options.details) this.details = options.details;
  }
}

/**
 * A part of the control plane itself does not answer: the log, the database, NATS or another service. Thrown by the adapters to
 * them and by nothing else, so that what a host says or does can never pass for trouble of ours, whatever code it has.
 */
export class InfrastructureError extends AppError {
  constructor(code: 'unavailable' | 'deadline', message: string, options: AppErrorOptions = {}) {
    super(code, message, options);
  }
}

/** The list of what is worth another try without saying anything about the work: our adapters' errors, and PostgreSQL's own. */
export const isInfrastructureError = (error: unknown): boolean =>
  error instanceof InfrastructureError || isDatabaseUnavailable(error);

export const isErrorCode = (value: unknown): value is ErrorCode =>
  typeof value === 'string' && (ERROR_CODES as readonly string[]).includes(value);

/** True for an `AppError` of this copy of the library, of another copy, and for its wire form. */
export const isAppError = (value: unknown): value is WireError =>
  typeof value === 'object' &&
  value !== null &&
  'code' in value &&
  isErrorCode(value.code) &&
  'message' in value &&
  typeof value.message === 'string';

export const hasCode = (value: unknown, code: ErrorCode): value is WireError =>
  isAppError(value) && value.code === code;

const opaque = (error: unknown): WireError =>
  isDatabaseUnavailable(error)
    ? { code: 'unavailable', message: 'The database cannot answer at the moment: try again soon.' }
    : { code: 'internal', message: 'Something went wrong on our side; the log has the details.' };

/** The wire form of any error. What is not an `AppError` becomes `unavailable` without a database, else an opaque `internal`. */
export const toWireError = (error: unknown): WireError => {
  if (!isAppError(error)) return opaque(error);
  return {
    code: error.code,
    message: error.message,
    ...(error.fields ? { fields: error.fields } : {}),
    ...(error.details ? { details: error.details } : {}),
  };
};

/** The error that another service of ours answered with. */
export const fromWireError = ({ code, message, fields, details }: WireError): AppError =>
  code === 'unavailable' || code === 'deadline'
    ? new InfrastructureError(code, message, { fields, details })
    : new AppError(code, message, { fields, details });

/** A `validation` error about one field. */
export const fieldError = (field: string, message: string): AppError =>
  new AppError('validation', `${field}: ${message}`, { fields: { [field]: [message] } });

/** The message of anything that was thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
