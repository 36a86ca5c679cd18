import { AppError, fromWireError, isAppError } from '@cyborgbackup/kernel';
import type { Msg } from '@nats-io/transport-node';
import { Readable } from 'node:stream';
import type { z } from 'zod';
import { isNoResponders } from './byte-sender.ts';
import { decodeFrame, encodeFrame, type Frame, type FrameKind } from './byte-stream-frame.ts';
import { BYTE_STREAM_LIMITS, type ByteStreamLimits } from './byte-stream-limits.ts';
import { secretInbox, streamPrefix } from '../connection/inboxes.ts';
import { signedHeaders } from '../connection/signed-context.ts';
import { fromJson, toJson } from '../connection/json.ts';
import type { Connection } from '../connection/nats-connection.ts';

export interface OpenByteStreamOptions<Head extends z.ZodType> {
  readonly subject: string;
  readonly request: unknown;
  /** What the head must look like. */
  readonly head: Head;
  /** Gives up, before and after the head. */
  readonly signal?: AbortSignal;
  readonly limits?: ByteStreamLimits;
  /** For the head. Default ten minutes: a large repository takes its time to open. */
  readonly openMillis?: number;
  /** How long the reader of the body may take nothing. Default five minutes. */
  readonly stallMillis?: number;
}

export interface OpenedByteStream<Head> {
  readonly head: Head;
  /** Ends only when everything has arrived; whatever else happens is an error. Destroying it cancels the stream. */
  readonly body: Readable;
}

const OPEN_MILLIS = 10 * 60_000;
/** For a connection that is just being made again. */
const CONNECT_MILLIS = 5_000;
const STALL_MILLIS = 5 * 60_000;

const lost = (what: string): AppError => new AppError('unavailable', `The stream broke off: ${what}.`);

/** The bytes of a stream as they arrive: at most a window of them waits here. */
const createBody = (
  windowFrames: number,
  acknowledge: (sequence: number) => void,
): { readonly body: Readable; push(frame: Frame): void; end(): void; isStalledSince(): number | undefined } => {
  const waiting: Frame[] = [];
  let wanted = false;
  let ended = false;
  let wantedAt = Date.now();
  const pump = (): void => {
    while (wanted && waiting.length > 0) {
      const frame = waiting.shift();
      if (!frame) return;
      wanted = body.push(frame.payload);
      acknowledge(frame.sequence);
    }
    if (ended && waiting.length === 0 && wanted) body.push(null);
  };
  const body = new Readable({
    highWaterMark: 1,
    read: () => {
      wanted = true;
      wantedAt = Date.now();
      pump();
    },
  });
  // A body may fail before it is read; its reader has a listener of its own.
  body.on('error', () => undefined);
  return {
    body,
    push: (frame) => {
      if (waiting.length >= windowFrames) return void body.destroy(lost('more was sent than there was room for'));
      waiting.push(frame);
      pump();
    },
    end: () => {
      ended = true;
      pump();
    },
    isStalledSince: () => (wanted ? undefined : wantedAt),
  };
};

/**
 * Asks for a stream of bytes and resolves with its head; see `serveByteStreams` for what goes to and fro.
 * @throws AppError whatever the handler threw before the head; `unavailable` when no process serves the subject or the stream
 * breaks off; `deadline` when there is no head in time
 */
export const openByteStream = async <Head extends z.ZodType>(
  connection: Connection,
  options: OpenByteStreamOptions<Head>,
): Promise<OpenedByteStream<z.output<Head>>> => {
  const { nats } = connection;
  const { subject, signal, limits = BYTE_STREAM_LIMITS } = options;
  const { openMillis = OPEN_MILLIS, stallMillis = STALL_MILLIS } = options;
  if (!(await connection.whenConnected(CONNECT_MILLIS))) {
    throw new AppError('unavailable', 'NATS is away, so no executor can be reached; is it running?');
  }
  const opened = Promise.withResolvers<z.output<Head>>();
  const inbox = secretInbox(streamPrefix(connection.name));
  const startedAt = Date.now();
  let control = '';
  let last = 0;
  let taken = 0;
  let acknowledged = 0;
  let heardAt = startedAt;
  let isOpen = false;
  let isOver = false;

  const tell = (kind: FrameKind, sequence: number): void => {
    if (control !== '' && connection.isConnected() && !nats.isDraining()) {
      nats.publish(control, encodeFrame(kind, sequence));
    }
  };
  const credit = (): void => {
    acknowledged = taken;
    tell('credit', taken);
  };
  const { body, push, end, isStalledSince } = createBody(limits.windowFrames, (sequence) => {
    taken = sequence;
    if (taken - acknowledged >= limits.windowFrames / 4) credit();
  });

  const fail = (error: AppError): void => {
    opened.reject(error);
    body.destroy(error);
  };

  const takeHead = (payload: Uint8Array): void => {
    const head = options.head.safeParse(fromJson(payload));
    if (!head.success) return fail(new AppError('internal', 'The stream has a head that this version does not know.'));
    isOpen = true;
    taken = last;
    opened.resolve(head.data);
  };

  const take = (frame: Frame): void => {
    const isNumbered = frame.kind !== 'beat';
    if (frame.sequence !== last + (isNumbered ? 1 : 0)) return fail(lost('a part of it was lost on the way'));
    last = frame.sequence;
    if (frame.kind === 'head') takeHead(frame.payload);
    else if (frame.kind === 'data') push(frame);
    else if (frame.kind === 'end') {
      isOver = true;
      end();
    } else if (frame.kind === 'failed') {
      isOver = true;
      const error = fromJson(frame.payload);
      fail(isAppError(error) ? fromWireError(error) : lost('its sender failed'));
    }
  };

  const receive = (message: Msg): void => {
    heardAt = Date.now();
    if (message.reply) control = message.reply;
    const frame = decodeFrame(message.data);
    if (frame) return take(frame);
    if (isNoResponders(message)) {
      fail(new AppError('unavailable', `No executor is running: nobody answers ${subject}.`));
    }
  };

  const look = (): void => {
    const now = Date.now();
    const stalledSince = isStalledSince();
    if (!isOver && now - heardAt > limits.silenceMillis) fail(lost('its sender is not heard of any more'));
    else if (!isOpen && now - startedAt > openMillis) {
      fail(new AppError('deadline', 'The stream did not begin in time.'));
    } else if (isOpen && stalledSince !== undefined && now - stalledSince > stallMillis) {
      fail(new AppError('deadline', 'Nobody took anything of the stream for too long.'));
    } else credit();
  };

  const subscription = nats.subscribe(inbox, {
    callback: (error, message) => (error ? fail(lost(error.message)) : receive(message)),
  });
  const beat = setInterval(look, limits.beatMillis);
  const onAbort = (): void => fail(new AppError('unavailable', 'The request was given up.'));
  signal?.addEventListener('abort', onAbort, { once: true });
  body.once('close', () => {
    clearInterval(beat);
    subscription.unsubscribe();
    signal?.removeEventListener('abort', onAbort);
    if (!isOver) tell('cancel', taken);
  });
  if (signal?.aborted) onAbort();
  else {
    const body = toJson(options.request);
    nats.publish(subject, body, { reply: inbox, headers: signedHeaders(connection, { subject, body }) });
  }
  return { head: await opened.promise, body };
};
