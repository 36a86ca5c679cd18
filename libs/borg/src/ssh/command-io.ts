import { addAbortListener, once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import type { SshError } from './error.ts';

/** Takes output as it comes. The source is paused until a returned promise is settled. */
export type ChunkSink = (chunk: Buffer) => void | Promise<void>;

export interface ExecOptions {
  /** Written to the command's standard input, which is then closed. Without it the input is empty. */
  readonly stdin?: AsyncIterable<string | Uint8Array>;
  readonly onStdout?: ChunkSink;
  readonly onStderr?: ChunkSink;
  /** Closes the channel at once. What runs remotely is not signalled; `sshRunner` ends it properly. */
  readonly signal?: AbortSignal;
  /** Lets the command log in elsewhere with the session's agent. */
  readonly forwardAgent?: boolean;
}

export interface ExecResult {
  /** Null when a signal ended it. */
  readonly exitCode: number | null;
  /** For example `SIGKILL`. */
  readonly signal?: string;
}

/** Reads a stream to its end through a sink. Rejects with what the sink throws; the rest is then read and dropped. */
const consume = (stream: Readable, sink: ChunkSink | undefined): Promise<void> =>
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

const isBrokenPipe = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED');

/** Writes all pieces with back-pressure, then ends the stream. Stops quietly when the reader has gone. */
const feed = async (stream: Writable, pieces: ExecOptions['stdin'], closed: AbortSignal): Promise<void> => {
  try {
    for await (const piece of pieces ?? []) {
      if (closed.aborted || stream.destroyed || stream.writableEnded) return;
      if (!stream.write(piece)) await once(stream, 'drain', { signal: closed });
    }
    stream.end();
  } catch (error) {
    if (!closed.aborted && !isBrokenPipe(error)) throw error;
  }
};

/**
 * Feeds a started command and takes its output, until `closed` settles and all output is taken.
 * @throws `aborted()` by the signal, and any error of the input, a sink or `closed`
 */
export const pipeCommand = async <T>(
  command: { stdin: Writable; stdout: Readable; stderr: Readable; closed: Promise<T> },
  options: ExecOptions,
  aborted: () => SshError,
): Promise<T> => {
  const ended = new AbortController();
  const work = Promise.all([
    command.closed.finally(() => ended.abort()),
    consume(command.stdout, options.onStdout),
    consume(command.stderr, options.onStderr),
  ]);
  // The input may be endless (see supervisor.ts), so its end is not waited for; only its failure counts.
  const feeding = feed(command.stdin, options.stdin, ended.signal).then(() => work);
  const abort = Promise.withResolvers<never>();
  using _listener = options.signal && addAbortListener(options.signal, () => abort.reject(aborted()));
  try {
    const [result] = await Promise.race([work, feeding, abort.promise]);
    return result;
  } finally {
    ended.abort();
  }
};
