import { AppError, messageOf, toWireError } from '@cyborgbackup/kernel';
import type { Msg } from '@nats-io/transport-node';
import { decodeFrame, encodeFrame, type FrameKind } from './byte-stream-frame.ts';
import { FRAME_BYTES, type ByteStreamLimits } from './byte-stream-limits.ts';
import { toJson } from '../connection/json.ts';
import { secretInbox, streamPrefix } from '../connection/inboxes.ts';
import type { Connection } from '../connection/nats-connection.ts';

/** Where the bytes of a stream go. */
export interface ByteSink {
  /** Fires when the bytes are not wanted any more: the reader cancelled or is gone, or we are stopping. */
  readonly signal: AbortSignal;
  /** Says that bytes will follow, and what they are. Before it, a failure is an answer; after it, a broken stream. */
  start(head: unknown): void;
  /**
   * Resolves when there is room for more; the reader sets the pace. To be waited for before the next call.
   * @throws AppError once `signal` fired
   */
  write(chunk: Uint8Array): Promise<void>;
}

export interface ByteSender {
  readonly sink: ByteSink;
  /** The reader has everything when it has seen this. */
  finish(): void;
  fail(error: unknown): void;
  stop(reason: AppError): void;
  /** Lets go of everything. */
  close(): void;
}

const NO_RESPONDERS = 503;

/** NATS's own answer to a request on a subject without subscribers. */
export const isNoResponders = ({ data, headers }: Msg): boolean => data.length === 0 && headers?.code === NO_RESPONDERS;

/** The sending end of one stream. */
export const createByteSender = ({ nats, name }: Connection, reader: string, limits: ByteStreamLimits): ByteSender => {
  const stopping = new AbortController();
  const control = secretInbox(streamPrefix(name));
  let sent = 0;
  let taken = 0;
  let heardAt = Date.now();
  let wake = (): void => undefined;

  const stop = (reason: AppError): void => {
    stopping.abort(reason);
    wake();
  };

  const publish = (kind: FrameKind, payload?: Uint8Array): void => {
    try {
      nats.publish(reader, encodeFrame(kind, sent, payload), { reply: control });
    } catch (error) {
      stop(new AppError('unavailable', `The stream broke off: ${messageOf(error)}.`));
    }
  };

  const send = (kind: FrameKind, payload?: Uint8Array): void => {
    sent += 1;
    publish(kind, payload);
  };

  const subscription = nats.subscribe(control, {
    callback: (error, message) => {
      const frame = error ? undefined : decodeFrame(message.data);
      heardAt = Date.now();
      // NATS answers for a reader whose connection is gone.
      if (frame?.kind === 'cancel' || isNoResponders(message)) {
        stop(new AppError('unavailable', 'Whoever read the stream went away.'));
      }
      if (frame?.kind !== 'credit') return;
      taken = Math.max(taken, frame.sequence);
      wake();
    },
  });

  const beat = setInterval(() => {
    if (Date.now() - heardAt > limits.silenceMillis) {
      return stop(new AppError('unavailable', 'Whoever read the stream is not heard of any more.'));
    }
    publish('beat');
  }, limits.beatMillis);
  // The reader learns at once that its request has arrived, and where to cancel it.
  publish('beat');

  const room = async (): Promise<void> => {
    while (sent - taken >= limits.windowFrames && !stopping.signal.aborted) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    stopping.signal.throwIfAborted();
  };

  return {
    sink: {
      signal: stopping.signal,
      start: (head) => send('head', Buffer.from(toJson(head))),
      write: async (chunk) => {
        for (let at = 0; at < chunk.length; at += FRAME_BYTES) {
          await room();
          send('data', chunk.subarray(at, at + FRAME_BYTES));
        }
      },
    },
    finish: () => send('end'),
    fail: (error) => send('failed', Buffer.from(toJson(toWireError(error)))),
    stop,
    close: () => {
      clearInterval(beat);
      subscription.unsubscribe();
      stop(new AppError('unavailable', 'The stream has ended.'));
    },
  };
};
