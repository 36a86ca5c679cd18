import { addAbortListener } from 'node:events';
import { connect as connectSocket } from 'node:net';
import type { Logger } from '@cyborgbackup/kernel';
import ssh2, { type BaseAgent, type Client } from 'ssh2';
import { isHostName, withoutBrackets } from '../commands/host-name.ts';
import type { ExecOptions, ExecResult } from './command-io.ts';
import { explainConnectError, isSshError, SshError } from './error.ts';
import { execOnChannel } from './exec.ts';
import { hostKeyAlgorithms, type HostKeyPins, parseHostKey, verifyHostKey } from './host-key.ts';
import { parsePrivateKey } from './key.ts';
import { offerKeys, type KeyOffer } from './offer-keys.ts';

/** An SSH agent in this process, made by `createForwardedAgent`. */
export type ForwardableAgent = BaseAgent & {
  /** Comment of its keys, by which it is told from other agents on a host. */
  readonly mark: string;
};

export interface SshOptions {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** OpenSSH or PEM text, not encrypted. */
  readonly privateKey: string;
  /** Tried next, in the same login: hosts keep away addresses that fail to log in too often. */
  readonly otherKey?: string | undefined;
  readonly hostKeys: HostKeyPins;
  /** For name resolution, TCP and handshake together. Default 15,000. */
  readonly connectTimeoutMillis?: number;
  /** For the host to start a command once we are logged in, and to close its channel once it has ended. Default 60,000. */
  readonly startTimeoutMillis?: number;
  /** Between two signs of life. After five without an answer the connection counts as lost. Default 10,000. */
  readonly keepaliveMillis?: number;
  /** What commands run with `forwardAgent` may log in with. */
  readonly agent?: ForwardableAgent;
  /** Gives up connecting, and closes the session once it stands. */
  readonly signal?: AbortSignal;
  readonly logger: Logger;
}

/** A login, with further ones where the host allows fewer commands on a connection than run at once (OpenSSH: ten). */
export interface SshSession {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Whether it was `otherKey` that the account took. */
  readonly withOtherKey: boolean;
  /** How long its account may take to start a command. */
  readonly startTimeoutMillis: number;
  /** The mark of the agent that commands with `forwardAgent` have. */
  readonly agentMark: string | undefined;
  /**
   * Runs a command line through the account's shell. Quote it with `quoteArgv`.
   * @throws SshError('lost') when the connection breaks before the exit status came, SshError('aborted') by the signal
   */
  exec(command: string, options?: ExecOptions): Promise<ExecResult>;
  /** Ends the connection; running commands fail as lost. Idempotent. */
  close(): Promise<void>;
}

const KEEPALIVE_MISSES = 5;
const CLOSE_GRACE_MILLIS = 2000;

/** Waits for the login. Closes the connection when it fails, times out or is aborted. */
const login = async (client: Client, options: SshOptions, offer: KeyOffer): Promise<void> => {
  const { host, port, user, hostKeys, signal, connectTimeoutMillis = 15_000, keepaliveMillis = 10_000 } = options;
  parsePrivateKey(options.privateKey); // throws a better message than ssh2 does
  if (options.otherKey !== undefined) parsePrivateKey(options.otherKey);
  if (!isHostName(host)) throw new SshError('no-name', `"${host}" is not a host name: correct it in the inventory.`);
  const known = await hostKeys.known(host, port);
  const cancelled = (): SshError => new SshError('aborted', `Connecting to ${host}:${port} was cancelled.`);
  if (signal?.aborted) throw cancelled();
  const socket = connectSocket({ host: withoutBrackets(host), port, noDelay: true, keepAlive: true });
  // A socket's error reaches the client too, which reports it; without a listener here a late one would be fatal.
  socket.on('error', () => undefined);
  const { promise: ready, resolve, reject } = Promise.withResolvers<void>();
  ready.catch(() => undefined); // it may be rejected after connect() itself has thrown
  using _listener = signal && addAbortListener(signal, () => reject(cancelled()));
  const timer = setTimeout(() => {
    const time = `no answer within ${Math.round(connectTimeoutMillis / 1000)} s`;
    const hint = 'Is the host up, and does a firewall let us through?';
    reject(new SshError('timeout', `Cannot reach ${host}:${port}: ${time}. ${hint}`));
  }, connectTimeoutMillis);
  client.once('ready', resolve);
  client.on('error', (error) => reject(explainConnectError(error, options, offer.refused())));
  client.once('close', () =>
    reject(explainConnectError(new Error('it closed the connection'), options, offer.refused())),
  );
  try {
    client.connect({
      sock: socket,
      username: user,
      ...(options.agent ? { agent: options.agent } : {}),
      authHandler: offer.handler,
      readyTimeout: 0,
      keepaliveInterval: keepaliveMillis,
      keepaliveCountMax: KEEPALIVE_MISSES,
      algorithms: { serverHostKey: hostKeyAlgorithms(known) },
      hostVerifier: (blob: Buffer, decide: (isAccepted: boolean) => void) => {
        verifyHostKey(hostKeys, host, port, parseHostKey(blob)).then(
          () => decide(true),
          (error: unknown) => {
            reject(error);
            decide(false);
          },
        );
      },
    });
    await ready;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
  }
};

/** A connection of a session. */
interface Link {
  readonly client: Client;
  readonly withOtherKey: boolean;
  /** The connection's last error, if any. */
  readonly reason: () => unknown;
  close(): Promise<void>;
}

const dial = async (options: SshOptions): Promise<Link> => {
  const { host, port, logger } = options;
  const client = new ssh2.Client();
  const offer = offerKeys(options.user, [options.privateKey, options.otherKey]);
  await login(client, options, offer);

  let lastError: unknown;
  client.removeAllListeners('error').on('error', (error) => {
    lastError = error;
    logger.debug({ err: error, host, port }, 'SSH connection error');
  });
  const closed = new Promise<void>((resolve) => client.once('close', () => resolve()));
  return {
    client,
    withOtherKey: offer.tried() > 1,
    reason: () => lastError,
    close: () => {
      client.end();
      const timer = setTimeout(() => client.destroy(), CLOSE_GRACE_MILLIS);
      return closed.finally(() => clearTimeout(timer));
    },
  };
};

/** More commands than that do not run at once. */
const MAX_LINKS = 10;

/**
 * Logs in with `privateKey`, or else with `otherKey`. The host must have the key on record; that of a host never seen is recorded.
 * @throws SshError with a `kind` and a sentence that says what to look at
 */
export const connectSsh = async (options: SshOptions): Promise<SshSession> => {
  const { host, port, user, signal, startTimeoutMillis = 60_000 } = options;
  const first = await dial(options);
  const links = [first];
  let isClosed = false;
  const close = async (): Promise<void> => {
    isClosed = true;
    listener?.[Symbol.dispose]();
    await Promise.all(links.map((link) => link.close()));
  };
  const listener = signal && addAbortListener(signal, () => void close());
  first.client.once('close', () => listener?.[Symbol.dispose]());

  /** A host with "MaxSessions 1" runs one command on a connection at a time, and others have theirs. */
  const addLink = async (): Promise<Link> => {
    const link = await dial(options);
    links.push(link);
    if (isClosed) await link.close();
    return link;
  };
  const exec: SshSession['exec'] = async (command, execOptions = {}) => {
    for (let index = 0; ; index += 1) {
      const { client, reason } = links[index] ?? (await addLink());
      const connection = { client, where: `${user}@${host}:${port}`, reason, startTimeoutMillis };
      try {
        return await execOnChannel(connection, command, execOptions);
      } catch (error) {
        const isNew = index > 0 && index === links.length - 1;
        if (!isSshError(error, 'no-session') || isNew || index >= MAX_LINKS || isClosed) throw error;
      }
    }
  };

  return {
    host,
    port,
    user,
    withOtherKey: first.withOtherKey,
    startTimeoutMillis,
    agentMark: options.agent?.mark,
    exec,
    close,
  };
};
