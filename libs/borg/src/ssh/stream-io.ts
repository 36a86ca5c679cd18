import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';

/** Takes output as it comes. The source is paused until a returned promise is settled. */
export type ChunkSink = (chunk: Buffer) => void | Promise<void>;

/** Reads a stream to its end through a sink. Rejects with what the sink throws; the rest is then read and dropped. */
export const consume = (stream: Readable, sink: ChunkSink | undefined): Promise<void> =>
  new Promise((resolve, reject) => {
    let failed = false;
    let busy: Promise<void> | undefined;
    const fail = (error: unknown): void => {
      failed = true;
      reject(error instanceof Error ? error : new Error(String(error)));
    };
    const take = (chunk: Buffer): void => {
      if (failed || !sink) return;
      try {
        busy = sink(chunk) ?? undefined;
      } catch (error) {
        return fail(error);
      }
      if (!busy) return;
      stream.pause();
      void busy.catch(fail).finally(() => stream.resume());
    };
    stream.on('data', take);
    stream.on('error', fail);
    stream.once('end', () => void (busy ?? Promise.resolve()).then(resolve, reject));
  });

/** Writes all pieces, waiting whenever the stream is full, then ends it. Stops quietly when nobody reads any more. */
export const feed = async (
  stream: Writable,
  pieces: AsyncIterable<string | Uint8Array>,
  closed: AbortSignal,
): Promise<void> => {
  try {
    for await (const piece of pieces) {
      if (closed.aborted || stream.destroyed || stream.writableEnded) return;
      if (!stream.write(piece)) await once(stream, 'drain', { signal: closed });
    }
    stream.end();
  } catch (error) {
    if (!closed.aborted && !isBrokenPipe(error)) throw error;
  }
};

const isBrokenPipe = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED');
