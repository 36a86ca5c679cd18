import { messageOf, type Logger } from '@cyborgbackup/kernel';
import type { Context } from 'koa';

/**
 * For what goes wrong after an answer began, which Koa tells its application. Once the connection is closed nobody waits for
 * the rest: a caller that has as many bytes as were announced leaves, even if the end of their source is still to come.
 */
export const logBrokenAnswers =
  (logger: Logger) =>
  (error: unknown, ctx?: Context): void => {
    // It happens on behalf of nobody, so the request's id does not come by itself.
    const request = ctx && { correlationId: ctx.response.get('X-Request-Id'), method: ctx.method, path: ctx.path };
    const line = { ...request, reason: messageOf(error) };
    if (ctx?.res.closed === true && ctx.state['brokenOff'] !== true)
      logger.debug(line, 'the caller left before the answer ended');
    else logger.warn(line, 'an answer could not be sent');
  };
