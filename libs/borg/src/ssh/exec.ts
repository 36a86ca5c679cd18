import { messageOf } from '@cyborgbackup/kernel';
import type { Client, ClientChannel, ExecOptions as ChannelOptions } from 'ssh2';
import { guardSharedWindow } from './shared-window.ts';
import { SshError } from './error.ts';
import { type ChunkSink, consume, feed } from './stream-io.ts';

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

/** What a command needs of its connection. */
interface Connection {
  readonly client: Client;
  /** `user@host:port`, for messages. */
  readonly where: string;
  /** The connection's last error, if any. */
  readonly reason: () => unknown;
}

const lost = ({ where, reason }: Connection): SshError => {
  const cause = reason();
  const why = cause === undefined ? '' : `: ${messageOf(cause)}`;
  return new SshError(
    'lost',
    `The connection to ${where} was lost${why}: is the host up, and the network between?`,
    cause,
  );
};

const explainOpenError = (connection: Connection, error: Error): SshError => {
  if (/agent forwarding/i.test(error.message)) {
    return new SshError(
      'auth',
      `${connection.where} refuses agent forwarding: its sshd needs "AllowAgentForwarding yes", and the key no "restrict" option.`,
      error,
    );
  }
  if (/Not connected|No response/i.test(error.message)) return lost(connection);
  return new SshError('no-shell', `${connection.where} does not run commands: ${error.message}.`, error);
};

/** Resolves at the channel's end with the exit status, or with nothing when none came. */
const untilClosed = (channel: ClientChannel): Promise<ExecResult | undefined> =>
  new Promise((resolve) => {
    let result: ExecResult | undefined;
    channel.once('exit', (code: number | null, signal?: string) => {
      result = { exitCode: code, ...(signal === undefined ? {} : { signal }) };
    });
    channel.once('close', () => resolve(result));
  });

interface OpenChannel {
  readonly channel: ClientChannel;
  readonly closing: Promise<ExecResult | undefined>;
}

/** A command that is over at once may send its exit status with the channel's confirmation: it is listened to from the start. */
const openChannel = (connection: Connection, command: string, forwardAgent: boolean): Promise<OpenChannel> =>
  new Promise((resolve, reject) => {
    // `agentForward` works per command but is missing in the type declarations.
    const options: ChannelOptions & { agentForward: boolean } = { agentForward: forwardAgent };
    const fail = (error: Error): void => reject(explainOpenError(connection, error));
    try {
      connection.client.exec(command, options, (error, channel) => {
        if (error) fail(error);
        else resolve({ channel, closing: untilClosed(channel) });
      });
    } catch (error) {
      fail(error instanceof Error ? error : new Error(String(error)));
    }
  });

const nothing = async function* (): AsyncGenerator<string> {};

/** Runs one command on a standing connection. @throws SshError, and whatever a sink throws */
export const execOnChannel = async (
  connection: Connection,
  command: string,
  options: ExecOptions,
): Promise<ExecResult> => {
  const { signal } = options;
  const aborted = (): SshError => new SshError('aborted', `The command on ${connection.where} was cancelled.`);
  if (signal?.aborted) throw aborted();
  const { channel, closing } = await openChannel(connection, command, options.forwardAgent === true);
  guardSharedWindow(channel, channel.stderr);
  const ended = new AbortController();
  const work = Promise.all([
    consume(channel, options.onStdout),
    consume(channel.stderr, options.onStderr),
    closing.finally(() => ended.abort()),
  ]);
  let onAbort: (() => void) | undefined;
  const abort = new Promise<never>((_, reject) => {
    onAbort = () => reject(aborted());
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted) onAbort();
  });
  try {
    // The input may be endless (see leash.ts), so its end is not waited for; only its failure counts.
    const feeding = feed(channel, options.stdin ?? nothing(), ended.signal).then(() => work);
    const [, , result] = await Promise.race([work, feeding, abort]);
    if (result === undefined) throw lost(connection);
    return result;
  } finally {
    ended.abort();
    channel.close();
    if (onAbort) signal?.removeEventListener('abort', onAbort);
  }
};
