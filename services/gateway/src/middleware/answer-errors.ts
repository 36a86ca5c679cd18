import { toWireError, type Logger, type WireError } from '@cyborgbackup/kernel';
import type { Middleware } from 'koa';
import { HttpError, CHALLENGE } from '../http/core/http-error.ts';

interface ErrorAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

const detail =
  (status: number) =>
  (error: WireError): ErrorAnswer => ({
    status,
    body: { detail: error.message, ...error.details },
  });

const invalid = (error: WireError): ErrorAnswer => ({ status: 400, body: error.fields ?? { detail: error.message } });

const later = (error: WireError): ErrorAnswer => ({
  status: 503,
  body: { detail: error.message },
  headers: { 'Retry-After': '1' },
});

const INTERNAL: ErrorAnswer = {
  status: 500,
  body: { detail: 'Something went wrong on our side; the log has the details.' },
};

const BY_CODE: Readonly<Record<WireError['code'], (error: WireError) => ErrorAnswer>> = {
  validation: invalid,
  unauthenticated: (error) => ({ status: 401, body: { detail: error.message }, headers: CHALLENGE }),
  forbidden: detail(403),
  'not-found': detail(404),
  // A value that is already taken is answered as any other wrong value of a field.
  conflict: (error) => (error.fields ? invalid(error) : detail(409)(error)),
  'version-conflict': detail(412),
  'rate-limited': (error) => ({ ...detail(429)(error), headers: { 'Retry-After': '1' } }),
  deadline: later,
  unavailable: later,
  internal: () => INTERNAL,
};

/** What PostgreSQL refuses for a reason that passes is answered as what a service answers then. */
const answerOf = (error: unknown): ErrorAnswer => {
  if (error instanceof HttpError) return error;
  const wire = toWireError(error);
  return BY_CODE[wire.code](wire);
};

/** Every error becomes JSON here. An unexpected one is logged, and its answer tells no details. */
export const answerErrors =
  (logger: Logger): Middleware =>
  async (ctx, next) => {
    try {
      await next();
    } catch (error) {
      const answer = answerOf(error);
      if (answer.status === 500) logger.error({ err: error, method: ctx.method, path: ctx.path }, 'a request failed');
      ctx.status = answer.status;
      ctx.set(answer.headers ?? {});
      ctx.body = answer.body;
    }
  };
