import { AppError, createLogger } from '@cyborgbackup/kernel';
import { PASSING_SQL_STATES } from '@cyborgbackup/testkit';
import Koa from 'koa';
import { once } from 'node:events';
import { get, type IncomingMessage, type Server } from 'node:http';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { endpoint } from '../http/core/endpoint.ts';
import { serveEndpoint } from './serve-endpoint.ts';
import { answerErrors } from '../middleware/answer-errors.ts';
import { logBrokenAnswers } from '../middleware/access-log.ts';
import { requestContext } from '../middleware/request-context.ts';

const logger = createLogger('test', 'silent');
const warn = vi.spyOn(logger, 'warn').mockReturnValue();
const debug = vi.spyOn(logger, 'debug').mockReturnValue();
let body: Readable;
let server: Server;

/** Three bytes of a source that does not end by itself, and fails when the caller leaves. */
const download = endpoint({
  route: 'GET /',
  access: 'public',
  tag: 't',
  summary: 's',
  answers: z.string(),
  handle: async ({ signal, query }) => {
    const code = query.get('sqlstate');
    if (code !== null) throw Object.assign(new Error('PostgreSQL says no'), { code });
    body = new Readable({ read: () => undefined });
    signal.addEventListener('abort', () => body.destroy(new AppError('unavailable', 'The request was given up.')));
    body.push('abc');
    return { body, type: 'application/octet-stream', headers: { 'Content-Length': query.get('length') ?? '' } };
  },
});

beforeAll(async () => {
  const app = new Koa();
  app.on('error', logBrokenAnswers(logger));
  app.use(requestContext({ trustedProxies: [], logger }));
  const idempotency = { run: (_: unknown, work: (ids: never) => Promise<never>) => work({} as never) };
  app.use(answerErrors(logger));
  app.use(serveEndpoint(download, { authenticate: async () => undefined, idempotency }));
  server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(async () => {
  server.close();
  await once(server, 'close');
});
beforeEach(() => vi.clearAllMocks());

const ask = async (length: number, sqlState?: string): Promise<IncomingMessage> => {
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const headers = { 'X-Request-Id': 'request-1' };
  const [response] = await once(
    get({
      host: '127.0.0.1',
      port,
      path: `/?length=${length}${sqlState === undefined ? '' : `&sqlstate=${sqlState}`}`,
      agent: false,
      headers,
    }),
    'response',
  );
  return response as IncomingMessage;
};

test.each([...PASSING_SQL_STATES])('answers 503 and when to try again while PostgreSQL says %s', async (state) => {
  const response = await ask(0, state);
  expect(response).toMatchObject({ statusCode: 503, headers: { 'retry-after': '1' } });
  expect(JSON.parse((await buffer(response)).toString())).toEqual({ detail: expect.stringContaining('try again') });
});

test('logs no warning for a caller that leaves with all bytes before their source ends', async () => {
  expect((await buffer(await ask(3))).toString()).toBe('abc');
  await vi.waitFor(() => expect(debug).toHaveBeenCalledOnce());
  expect(body.destroyed).toBe(true);
  expect(warn).not.toHaveBeenCalled();
});

test('logs a warning with the request when the source of an answer fails', async () => {
  const response = await ask(9);
  body.destroy(new AppError('unavailable', 'Its sender failed.'));
  response.resume();
  await expect(once(response, 'close')).rejects.toThrow('aborted');
  const request = { correlationId: 'request-1', method: 'GET', path: '/' };
  expect(warn).toHaveBeenCalledExactlyOnceWith(
    { ...request, reason: 'Its sender failed.' },
    'an answer could not be sent',
  );
});
