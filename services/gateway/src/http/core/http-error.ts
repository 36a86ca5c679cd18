import type { FieldErrors } from '@cyborgbackup/kernel';

/** An answer other than success, sent by the middleware `answer-errors`. Errors of services are AppErrors instead. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly status: number;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}) {
    super(`HTTP ${status}`);
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}

const withDetail = (status: number, detail: string, headers?: Readonly<Record<string, string>>): HttpError =>
  new HttpError(status, { detail }, headers);

export const badRequest = (detail: string): HttpError => withDetail(400, detail);

/** All wrong fields at once; `__all__` is for the body as a whole. */
export const invalidFields = (fields: FieldErrors): HttpError => new HttpError(400, fields);

export const CHALLENGE = { 'WWW-Authenticate': 'Bearer realm="api"' };

export const notAuthenticated = (detail = 'Authentication credentials were not provided.'): HttpError =>
  withDetail(401, detail, CHALLENGE);

export const forbidden = (detail = 'You do not have permission to perform this action.'): HttpError =>
  withDetail(403, detail);

/** What a personal token may not do that its user may. */
export const beyondScope = (scope: string): HttpError =>
  forbidden(`This token lacks the scope "${scope}": make one that has it, or log in.`);

export const notFound = (detail = 'Not found.'): HttpError => withDetail(404, detail);

/** @param label for example `Client` */
export const noSuch = (label: string): HttpError => notFound(`No ${label} matches the given query.`);

export const methodNotAllowed = (method: string, allow: readonly string[]): HttpError =>
  withDetail(405, `Method "${method}" not allowed.`, { Allow: allow.join(', ') });

export const conflict = (detail: string): HttpError => withDetail(409, detail);

export const preconditionFailed = (): HttpError =>
  withDetail(412, 'It was changed since you read it: read it again and repeat your change.');

export const unsupportedMediaType = (type: string): HttpError =>
  withDetail(415, `Unsupported media type "${type}" in request.`);

/** @param seconds when to try again */
export const tooManyRequests = (seconds: number, reason = 'Request was throttled.'): HttpError =>
  withDetail(429, `${reason} Expected available in ${seconds} ${seconds === 1 ? 'second' : 'seconds'}.`, {
    'Retry-After': String(seconds),
  });
