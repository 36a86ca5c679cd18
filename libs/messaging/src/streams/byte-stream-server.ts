import { AppError, messageOf, runInContext, settledWithin } from '@cyborgbackup/kernel';
import type { Msg } from '@nats-io/transport-node';
import type { z } from 'zod';
import { createByteSender, type ByteSender, type ByteSink } from './byte-sender.ts';
import { BYTE_STREAM_LIMITS, type ByteStreamLimits } from './byte-stream-limits.ts';
import { validate } from '../connection/validate.ts';
import { verifiedContext } from '../connection/signed-context.ts';
import { isInbox } from '../connection/inboxes.ts';
import { fromJson } from '../connection/json.ts';
import type { Connection } from '../connection/nats-connection.ts';

export interface ByteStreamServerOptions<Schema extends z.ZodType> {
  /** Of all processes that serve the subject, one gets a request. */
  readonly subject: string;
  readonly schema: Schema;
  /** Streams at once in this process; a further one is refused. */
  readonly concurrency: number;
  readonly limits?: ByteStreamLimits;
  /** Sends the bytes; the stream is complete when this resolves, and broken when it rejects. */
  handler(request: z.output<Schema>, sink: ByteSink): Promise<void>;
}

export interface ByteStreamServer {
  /** Takes no further stream, breaks off those that run, and waits for their handlers, ten seconds at most. */
  stop(): Promise<void>;
}

const QUEUE = 'byte-streams';
const STOP_MILLIS = 10_000;

/**
 * Serves streams of bytes over core NATS, which has no back-pressure of its own: the reader gives credit for what it has
 * taken, frames are numbered so that a lost one is noticed, and both ends say every few seconds that they are there.
 *
 *   reader                                    server
 *     request, with an inbox        ------->
 *                                   <-------  beat: it has arrived, here is where to answer
 *                                   <-------  head: bytes will follow (or failed: they will not)
 *                                   <-------  data … as many frames as the window holds
 *     credit: taken up to number n  ------->
 *                                   <-------  end, or failed
 *     cancel, at any time           ------->
 *
 * Only `end` makes a stream complete: a gap, silence or a broken connection is a failure on both sides.
 */
export const serveByteStreams = <Schema extends z.ZodType>(
  connection: Connection,
  options: ByteStreamServerOptions<Schema>,
): ByteStreamServer => {
  const { nats, logger } = connection;
  const { subject, schema, concurrency, limits = BYTE_STREAM_LIMITS, handler } = options;
  const running = new Map<ByteSender, Promise<void>>();

  const serve = async (message: Msg, sender: ByteSender, isFull: boolean): Promise<void> => {
    try {
      const context = verifiedContext(connection, message, connection.name);
      if (isFull) throw new AppError('rate-limited', `${concurrency} downloads are running: try again when one ended.`);
      await runInContext(context, () => handler(validate(schema, fromJson(message.data)), sender.sink));
      sender.sink.signal.throwIfAborted();
      sender.finish();
    } catch (error) {
      const level = sender.sink.signal.aborted ? 'debug' : 'warn';
      logger[level]({ subject, reason: messageOf(error) }, 'a byte stream failed');
      sender.fail(sender.sink.signal.aborted ? sender.sink.signal.reason : error);
    } finally {
      sender.close();
    }
  };

  const subscription = nats.subscribe(subject, {
    queue: QUEUE,
    callback: (error, message) => {
      if (error) return logger.error({ err: error, subject }, 'NATS ended a subscription');
      if (!message.reply || !isInbox(message.reply)) return;
      const isFull = running.size >= concurrency;
      const sender = createByteSender(connection, message.reply, limits);
      const ended = serve(message, sender, isFull);
      running.set(sender, ended);
      void ended.then(() => running.delete(sender));
    },
  });

  return {
    stop: async () => {
      subscription.unsubscribe();
      for (const sender of running.keys()) {
        sender.stop(new AppError('unavailable', 'The executor that sent the bytes was stopped: try again.'));
      }
      await settledWithin(Promise.all(running.values()), STOP_MILLIS);
    },
  };
};
