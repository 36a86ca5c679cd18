import { messageOf } from '@cyborgbackup/kernel';
import { addAbortListener, once } from 'node:events';
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
  /** See `SshOptions`. */
  readonly startTimeoutMillis: number;
}

const inSeconds = (millis: number): string => `${Math.round(millis / 1000)} s`;

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
  if (/Channel open failure/i.test(error.message)) {
    return new SshError(
      'no-session',
      `${connection.where} lets us in and opens no session (${error.message}): look at MaxSessions in its sshd_config.`,
      error,
    );
  }
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
  readonly exited: Promise<unknown>;
  readonly closed: ReturnType<typeof untilClosed>;
}

/** A command that is over at once may send its exit status with the channel's confirmation: it is listened to from the start. */
const openChannel = async (
  connection: Connection,
  command: string,
  { signal, forwardAgent = false }: ExecOptions,
): Promise<OpenChannel> => {
  const { client, where, startTimeoutMillis } = connection;
  const opening = Promise.withResolvers<OpenChannel>();
  const fail = (error: Error): void => opening.reject(explainOpenError(connection, error));
  let isWanted = true;
  // `agentForward` works per command but is missing in the type declarations.
  const options: ChannelOptions & { agentForward: boolean } = { agentForward: forwardAgent };
  try {
    client.exec(command, options, (error, channel) => {
      if (error) fail(error);
      else if (isWanted) opening.resolve({ channel, exited: once(channel, 'exit'), closed: untilClosed(channel) });
      else channel.close();
    });
  } catch (error) {
    fail(error instanceof Error ? error : new Error(String(error)));
  }
  // A host may let us in and never answer.
  const timer = setTimeout(() => {
    const time = inSeconds(startTimeoutMillis);
    opening.reject(
      new SshError('timeout', `${where} let us in, but did not start a command within ${time}. Does its login hang?`),
    );
  }, startTimeoutMillis);
  using _listener = signal && addAbortListener(signal, () => opening.reject(cancelled(connection)));
  try {
    return await opening.promise;
  } finally {
    isWanted = false;
    clearTimeout(timer);
  }
};

const cancelled = ({ where }: Connection): SshError =>
  new SshError('aborted', `The command on ${where} was cancelled.`);

/** Twice the window that ssh2 opens: what is within it is not always counted exactly. */
const MAX_UNREAD_BYTES = 4 * 1024 * 1024;

const isFull = (stream: Readable): boolean => stream.readableLength >= stream.readableHighWaterMark;

/**
 * Makes a channel's output obey back-pressure. A channel has one window for standard output and standard error together, and
 * ssh2 (1.17) opens it again whenever either of them has room: a busy standard error then lets standard output grow without
 * limit while its reader holds back (measured: all of 30 MB). Here room counts only when both have it, and is looked for
 * whenever a chunk was taken. To be called when the readers are attached, since it makes the data flow.
 * @param onOverrun called when a host that does not keep to the window sends what nobody has room for; that is dropped
 */
const guardSharedWindow = (output: Readable, errors: Readable, onOverrun: () => void): void => {
  const openWindow = output._read.bind(output);
  const bothHaveRoom = (): boolean => !isFull(output) && !isFull(errors);
  for (const stream of [output, errors]) {
    const push = stream.push.bind(stream);
    stream.push = (chunk: unknown) => {
      if (chunk !== null && stream.readableLength > MAX_UNREAD_BYTES) {
        onOverrun();
        return false;
      }
      return push(chunk) && bothHaveRoom();
    };
    stream._read = () => undefined;
    stream.on('data', () => {
      if (bothHaveRoom()) openWindow(0);
    });
  }
};

/** Calls `expire` when a host has told the command's exit status and then neither says more nor closes the channel. */
const watchEnd = ({ channel, exited }: OpenChannel, millis: number, expire: () => void): Disposable => {
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;
  const isUnread = (): boolean => channel.readableLength > 0 || channel.stderr.readableLength > 0;
  const watch = (): void => {
    if (!isOver) timer = setTimeout(() => (isUnread() ? timer?.refresh() : expire()), millis);
  };
  void exited.then(watch, () => undefined);
  for (const stream of [channel, channel.stderr]) stream.on('data', () => timer?.refresh());
  return {
    [Symbol.dispose]: () => {
      isOver = true;
      clearTimeout(timer);
    },
  };
};

/** Runs one command on a standing connection. @throws SshError, and any error of a sink */
export const execOnChannel = async (
  connection: Connection,
  command: string,
  options: ExecOptions,
): Promise<ExecResult> => {
  const { where, client, startTimeoutMillis } = connection;
  const aborted = (): SshError => cancelled(connection);
  if (options.signal?.aborted) throw aborted();
  const opened = await openChannel(connection, command, options);
  const { channel, closed } = opened;
  const broken = Promise.withResolvers<never>();
  const fail = (why: string): void => {
    broken.reject(new SshError('protocol', `${where} does not keep to the SSH protocol: ${why}. Is that a real sshd?`));
    client.destroy();
  };
  using _end = watchEnd(opened, startTimeoutMillis, () => fail('a command ended, and its channel does not close'));
  guardSharedWindow(channel, channel.stderr, () => fail('it sends more than we have room for'));
  try {
    const streams = { stdin: channel, stdout: channel, stderr: channel.stderr, closed };
    const result = await Promise.race([pipeCommand(streams, options, aborted), broken.promise]);
    if (result === undefined) throw lost(connection);
    return result;
  } finally {
    channel.close();
  }
};
