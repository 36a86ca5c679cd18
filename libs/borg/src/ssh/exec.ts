import { messageOf } from '@cyborgbackup/kernel';
import type { Readable } from 'node:stream';
import type { Client, ClientChannel, ExecOptions as ChannelOptions } from 'ssh2';
import { type ExecOptions, type ExecResult, pipeCommand } from './command-io.ts';
import { SshError } from './error.ts';

/** A standing connection, as `execOnChannel` sees it. */
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

/** A command that is over at once may send its exit status with the channel's confirmation: it is listened to from the start. */
const openChannel = (
  connection: Connection,
  command: string,
  forwardAgent: boolean,
): Promise<{ channel: ClientChannel; closed: ReturnType<typeof untilClosed> }> =>
  new Promise((resolve, reject) => {
    // `agentForward` works per command but is missing in the type declarations.
    const options: ChannelOptions & { agentForward: boolean } = { agentForward: forwardAgent };
    const fail = (error: Error): void => reject(explainOpenError(connection, error));
    try {
      connection.client.exec(command, options, (error, channel) => {
        if (error) fail(error);
        else resolve({ channel, closed: untilClosed(channel) });
      });
    } catch (error) {
      fail(error instanceof Error ? error : new Error(String(error)));
    }
  });

const isFull = (stream: Readable): boolean => stream.readableLength >= stream.readableHighWaterMark;

/**
 * Makes a channel's output obey back-pressure. A channel has one window for standard output and standard error together, and
 * ssh2 (1.17) opens it again whenever either of them has room: a busy standard error then lets standard output grow without
 * limit while its reader holds back (measured: all of 30 MB). Here room counts only when both have it, and is looked for
 * whenever a chunk was taken. To be called when the readers are attached, since it makes the data flow.
 */
const guardSharedWindow = (output: Readable, errors: Readable): void => {
  const openWindow = output._read.bind(output);
  const bothHaveRoom = (): boolean => !isFull(output) && !isFull(errors);
  for (const stream of [output, errors]) {
    const push = stream.push.bind(stream);
    stream.push = (chunk: unknown) => push(chunk) && bothHaveRoom();
    stream._read = () => undefined;
    stream.on('data', () => {
      if (bothHaveRoom()) openWindow(0);
    });
  }
};

/** Runs one command on a standing connection. @throws SshError, and any error of a sink */
export const execOnChannel = async (
  connection: Connection,
  command: string,
  options: ExecOptions,
): Promise<ExecResult> => {
  const aborted = (): SshError => new SshError('aborted', `The command on ${connection.where} was cancelled.`);
  if (options.signal?.aborted) throw aborted();
  const { channel, closed } = await openChannel(connection, command, options.forwardAgent === true);
  guardSharedWindow(channel, channel.stderr);
  try {
    const streams = { stdin: channel, stdout: channel, stderr: channel.stderr, closed };
    const result = await pipeCommand(streams, options, aborted);
    if (result === undefined) throw lost(connection);
    return result;
  } finally {
    channel.close();
  }
};
