import { AppError, createLogger, currentContext, runInContext, systemContext } from '@cyborgbackup/kernel';
import { startTestNats, type TestNats } from '@cyborgbackup/testkit';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { ByteSink } from './byte-sender.ts';
import { encodeFrame } from './byte-stream-frame.ts';
import { FRAME_BYTES } from './byte-stream-limits.ts';
import { openByteStream, type OpenByteStreamOptions, type OpenedByteStream } from './byte-stream-reader.ts';
import { serveByteStreams, type ByteStreamServer } from './byte-stream-server.ts';
import { createOwnTrust } from '../identity/call-trust.ts';
import { createNatsConnection, type Connection } from '../connection/nats-connection.ts';

const logger = createLogger('test', 'silent');
const head = z.object({ name: z.string() });
const limits = { windowFrames: 8, beatMillis: 50, silenceMillis: 400 };
const SUBJECT = 'test.bytes';

const failureOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => expect.fail('it succeeded'),
    (error: unknown) => error,
  );

describe('byte streams', () => {
  let nats: TestNats;
  let here: Connection;
  let there: Connection;
  let server: ByteStreamServer | undefined;

  beforeAll(async () => {
    nats = await startTestNats();
    const trust = createOwnTrust({ isShared: false });
    here = await createNatsConnection({ natsUrl: nats.url, name: 'here', logger, trust });
    there = await createNatsConnection({ natsUrl: nats.url, name: 'there', logger, trust });
  });
  afterEach(async () => {
    await server?.stop();
    server = undefined;
  });
  afterAll(async () => {
    await here.close();
    await there.close();
    await nats[Symbol.asyncDispose]();
  });

  const serve = async (
    handler: (request: { n: number }, sink: ByteSink) => Promise<void>,
    concurrency = 4,
  ): Promise<void> => {
    server = serveByteStreams(there, {
      subject: SUBJECT,
      schema: z.object({ n: z.int() }),
      concurrency,
      limits,
      handler,
    });
    await there.nats.flush();
  };
  const open = (
    options: Partial<OpenByteStreamOptions<typeof head>> = {},
  ): Promise<OpenedByteStream<{ name: string }>> =>
    openByteStream(here, { subject: SUBJECT, request: { n: 1 }, head, limits, ...options });
  const readAll = async ({ body }: OpenedByteStream<unknown>): Promise<Buffer> => {
    const chunks: Buffer[] = [];
    for await (const chunk of body as AsyncIterable<Buffer>) chunks.push(chunk);
    return Buffer.concat(chunks);
  };

  it('bring every byte, in order, with the head and the caller’s context', async () => {
    const bytes = randomBytes(20 * 1024 * 1024 + 17);
    let actor: unknown;
    await serve(async ({ n }, sink) => {
      actor = currentContext()?.actor;
      sink.start({ name: `file ${n}` });
      for (let at = 0; at < bytes.length; at += 300_000) await sink.write(bytes.subarray(at, at + 300_000));
    });
    const context = { ...systemContext('x'), actor: { kind: 'user' as const, id: 'me' } };
    const stream = await runInContext(context, () => open({ request: { n: 7 } }));
    expect(stream.head).toEqual({ name: 'file 7' });
    const sum = (data: Buffer): string => createHash('sha256').update(data).digest('hex');
    expect(sum(await readAll(stream))).toBe(sum(bytes));
    expect(actor).toEqual(context.actor);
  });

  it('hold a sender to the pace of a slow reader, whatever it has to send', async () => {
    let written = 0;
    const frame = Buffer.alloc(FRAME_BYTES);
    await serve(async (_request, sink) => {
      sink.start({ name: 'zeros' });
      for (let count = 0; count < 200; count += 1) {
        await sink.write(frame);
        written += 1;
      }
    });
    const stream = await open();
    let most = 0;
    let read = 0;
    for await (const chunk of stream.body as AsyncIterable<Buffer>) {
      read += chunk.length;
      // Time for the sender to run ahead, if it could.
      for (let turn = 0; turn < 3; turn += 1) {
        await here.nats.flush();
        await there.nats.flush();
        await setImmediate();
      }
      most = Math.max(most, written - read / FRAME_BYTES);
    }
    expect(read).toBe(200 * FRAME_BYTES);
    // The window, and what the reader's own stream holds.
    expect(most).toBeLessThanOrEqual(limits.windowFrames + 2);
    expect(most).toBeGreaterThan(1);
  });

  it('end an empty stream as complete', async () => {
    await serve(async (_request, sink) => sink.start({ name: 'empty' }));
    expect(await readAll(await open())).toHaveLength(0);
  });

  it('answer a failure before the head with its code', async () => {
    await serve(() => Promise.reject(new AppError('not-found', 'There is no such archive.')));
    expect(await failureOf(open())).toMatchObject({ code: 'not-found', message: 'There is no such archive.' });
  });

  it('refuse a request that does not fit, and one too many', async () => {
    const release = Promise.withResolvers<void>();
    await serve(async (_request, sink) => {
      sink.start({ name: 'x' });
      await release.promise;
    }, 1);
    expect(await failureOf(open({ request: {} }))).toMatchObject({ code: 'validation' });
    const first = await open();
    expect(await failureOf(open())).toMatchObject({ code: 'rate-limited' });
    release.resolve();
    await readAll(first);
    await readAll(await open());
  });

  it('break when the sender fails midway', async () => {
    await serve(async (_request, sink) => {
      sink.start({ name: 'x' });
      await sink.write(Buffer.from('half'));
      throw new AppError('unavailable', 'Borg was killed.');
    });
    expect(await failureOf(readAll(await open()))).toMatchObject({ message: 'Borg was killed.' });
  });

  it('stop the sender when the reader goes away', async () => {
    const stopped = Promise.withResolvers<unknown>();
    await serve(async (_request, sink) => {
      sink.start({ name: 'x' });
      await once(sink.signal, 'abort');
      stopped.resolve(await failureOf(sink.write(Buffer.from('late'))));
    });
    const stream = await open();
    stream.body.destroy();
    expect(await stopped.promise).toMatchObject({ message: 'Whoever read the stream went away.' });
  });

  it('stop the sender when the request is given up before the head', async () => {
    const begun = Promise.withResolvers<void>();
    const stopped = Promise.withResolvers<void>();
    await serve(async (_request, sink) => {
      begun.resolve();
      await once(sink.signal, 'abort');
      stopped.resolve();
      sink.signal.throwIfAborted();
    });
    const giveUp = new AbortController();
    const failure = failureOf(open({ signal: giveUp.signal }));
    await begun.promise;
    // The first beat tells where to cancel.
    await there.nats.flush();
    await here.nats.flush();
    giveUp.abort();
    expect(await failure).toMatchObject({ message: 'The request was given up.' });
    await stopped.promise;
  });

  it('stop the sender when the reader’s process is gone', async () => {
    const stopped = Promise.withResolvers<unknown>();
    await serve(async (_request, sink) => {
      sink.start({ name: 'x' });
      await once(sink.signal, 'abort');
      stopped.resolve(sink.signal.reason);
    });
    const other = await createNatsConnection({ natsUrl: nats.url, name: 'other', logger });
    await openByteStream(other, { subject: SUBJECT, request: { n: 1 }, head, limits });
    await other.nats.close();
    expect(await stopped.promise).toMatchObject({ message: expect.stringMatching(/went away/) });
  });

  it('stop the sender when a reader falls silent', async () => {
    const stopped = Promise.withResolvers<unknown>();
    await serve(async (_request, sink) => {
      sink.start({ name: 'x' });
      await once(sink.signal, 'abort');
      stopped.resolve(sink.signal.reason);
    });
    const inbox = here.nats.subscribe('_STREAM.test.silent', { callback: () => undefined });
    here.nats.publish(SUBJECT, '{"n":1}', { reply: '_STREAM.test.silent' });
    expect(await stopped.promise).toMatchObject({ message: expect.stringMatching(/not heard of/) });
    inbox.unsubscribe();
  });

  it('fail when nothing is heard of the sender any more', async () => {
    const mute = there.nats.subscribe(SUBJECT, {
      callback: (_error, message) => void message.respond(encodeFrame('head', 1, Buffer.from('{"name":"x"}'))),
    });
    await there.nats.flush();
    expect(await failureOf(readAll(await open()))).toMatchObject({ message: expect.stringMatching(/not heard of/) });
    mute.unsubscribe();
  });

  it('fail when a frame is lost', async () => {
    const leaky = there.nats.subscribe(SUBJECT, {
      callback: (_error, message) => {
        message.respond(encodeFrame('head', 1, Buffer.from('{"name":"x"}')));
        message.respond(encodeFrame('data', 2, Buffer.from('a')));
        message.respond(encodeFrame('end', 4));
      },
    });
    await there.nats.flush();
    expect(await failureOf(readAll(await open()))).toMatchObject({ message: expect.stringMatching(/was lost/) });
    leaky.unsubscribe();
  });

  it('say so when no process serves the subject, or nothing is read', async () => {
    expect(await failureOf(open())).toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/No executor/),
    });
    await serve(async (_request, sink) => {
      sink.start({ name: 'x' });
      await sink.write(Buffer.alloc(100 * FRAME_BYTES));
    });
    const stream = await open({ stallMillis: 100 });
    const [error] = (await once(stream.body, 'error').catch((cause: unknown) => [cause])) as unknown[];
    expect(error).toMatchObject({ code: 'deadline' });
  });

  it('say so when NATS is away', async () => {
    const other = await createNatsConnection({ natsUrl: nats.url, name: 'other', logger });
    await other.close();
    const failure = failureOf(openByteStream(other, { subject: SUBJECT, request: { n: 1 }, head, limits }));
    expect(await failure).toMatchObject({ code: 'unavailable' });
  });

  it('are broken off when their server stops', async () => {
    await serve(async (_request, sink) => {
      sink.start({ name: 'x' });
      await once(sink.signal, 'abort');
      sink.signal.throwIfAborted();
    });
    const stream = await open();
    const failure = failureOf(readAll(stream));
    await server?.stop();
    expect(await failure).toMatchObject({ code: 'unavailable', message: expect.stringMatching(/was stopped/) });
  });
});
