import { isNestedTooDeeply, TOO_DEEP } from '@cyborgbackup/kernel';
import { bodyParser } from '@koa/bodyparser';
import type { Context } from 'koa';
import { badRequest, HttpError, unsupportedMediaType } from '../http/core/http-error.ts';

const BODY_LIMIT_BYTES = 1024 * 1024;

const statusOf = (error: Error): unknown => ('status' in error ? error.status : undefined);

const refuse = (error: Error): never => {
  if (statusOf(error) === 413) {
    throw new HttpError(413, { detail: `The request body is larger than ${BODY_LIMIT_BYTES} bytes.` });
  }
  if (statusOf(error) === 415) throw unsupportedMediaType('compressed');
  throw badRequest(`JSON parse error - ${error.message.slice(0, 200)}`);
};

const parse = bodyParser({
  enableTypes: ['json'],
  // Merged by index into the parser's own list.
  extendTypes: { json: ['application/json', '+json'] },
  parsedMethods: ['POST', 'PUT', 'PATCH'],
  jsonLimit: BODY_LIMIT_BYTES,
  onError: refuse,
});

/** The request's JSON; an empty object for an empty body. @throws HttpError 400, 413, 415 */
export const readBody = async (ctx: Context): Promise<unknown> => {
  // `is` answers null without a body, and false for one of another type.
  if (ctx.request.length !== 0 && ctx.is('json', '+json') === false)
    throw unsupportedMediaType(ctx.get('Content-Type'));
  try {
    await parse(ctx, async () => undefined);
  } catch (error) {
    // The unread rest of the body would precede the connection's next request.
    if (!ctx.req.complete) ctx.set('Connection', 'close');
    throw error;
  }
  if (isNestedTooDeeply(ctx.request.rawBody ?? '')) throw badRequest(`JSON parse error - ${TOO_DEEP}`);
  return ctx.request.body ?? {};
};
