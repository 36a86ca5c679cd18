import { AppError, InfrastructureError, delay, messageOf, settledWithin, type Logger } from '@cyborgbackup/kernel';
import {
  connect,
  errors,
  nkeyAuthenticator,
  type ConnectionOptions,
  type NatsConnection,
  type Status,
  type TlsOptions,
} from '@nats-io/transport-node';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import { NO_TRUST, type CallTrust } from '../identity/call-trust.ts';
import { inboxPrefix } from './inboxes.ts';

/** How long a closing connection may take to send what is buffered. */
const DRAIN_MILLIS = 2_000;
const FIRST_CONNECT_PAUSE_MILLIS = 250;

export interface ConnectionSettings {
  /**
   * `nats://host:port`, or `tls://`; before the host a token, `user:password`, or the seed of an nkey (`SU…`). With TLS, the
   * query may name files: `ca` (who signed the server's certificate), `cert` and `key` (our own, where the server wants one).
   */
  readonly natsUrl: string;
  /** Shown by the server's monitoring page, and the actor of requests that have no context of their own. */
  readonly name: string;
  readonly logger: Logger;
  /** How long to wait for a server that is not up yet. */
  readonly connectMillis?: number;
  /** Default: trusts nobody to speak for a user, and seals nothing. */
  readonly trust?: CallTrust;
}

/** A connection that comes back by itself for as long as it is not closed. */
export interface Connection {
  readonly nats: NatsConnection;
  readonly name: string;
  readonly logger: Logger;
  readonly trust: CallTrust;
  isConnected(): boolean;
  /** Resolves to true once connected, at once if it is, and to false after `millis` or when closed. */
  whenConnected(millis: number): Promise<boolean>;
  /** Sends what is buffered and closes; takes two seconds at most. */
  close(): Promise<void>;
}

/** A user's seed of NATS, which no token looks like by chance. */
const NKEY_SEED = /^SU[A-Z2-7]{56}$/;

const credentialsOf = ({ username, password }: URL): ConnectionOptions => {
  const user = decodeURIComponent(username);
  if (!user) return {};
  if (password) return { user, pass: decodeURIComponent(password) };
  return NKEY_SEED.test(user) ? { authenticator: nkeyAuthenticator(Buffer.from(user)) } : { token: user };
};

/**
 * The library would verify a server that is named by its address under the name "localhost": `checkServerIdentity` has it verified
 * under what the URL says.
 */
const tlsOptionsOf = ({ searchParams, hostname }: URL): TlsOptions => {
  const file = (name: string): string | undefined => searchParams.get(name) ?? undefined;
  const [caFile, certFile, keyFile] = [file('ca'), file('cert'), file('key')];
  const host = hostname.replace(/^\[|\]$/g, '');
  return {
    ...(caFile ? { caFile } : {}),
    ...(certFile ? { certFile } : {}),
    ...(keyFile ? { keyFile } : {}),
    ...{ checkServerIdentity: (_name: string, certificate: PeerCertificate) => checkServerIdentity(host, certificate) },
  };
};

/**
 * What the library is told. The token is taken out of the URL, since the library would ignore it there. Reconnecting
 * never ends: a server that is gone for a night, or that rejects us while its configuration is being changed, must
 * not leave a service that runs but no longer hears anything.
 * @throws AppError `validation` when it is no URL
 */
export const connectionOptions = (natsUrl: string, name: string): ConnectionOptions => {
  const url = URL.parse(natsUrl);
  // Not `new URL`: its error quotes the whole text, token included.
  if (!url?.hostname) throw new AppError('validation', 'NATS_URL is not of the form nats://token@host:4222.');
  return {
    servers: `${url.hostname}:${url.port || '4222'}`,
    name,
    inboxPrefix: inboxPrefix(name),
    ...credentialsOf(url),
    ...(url.protocol === 'tls:' ? { tls: tlsOptionsOf(url) } : {}),
    maxReconnectAttempts: -1,
    ignoreAuthErrorAbort: true,
    timeout: 5_000,
    reconnectTimeWait: 250,
    reconnectJitter: 250,
    pingInterval: 10_000,
    maxPingOut: 2,
    noAsyncTraces: true,
  };
};

/**
 * Connects, waiting up to `connectMillis` (30 s) for a server that is still starting.
 * @throws AppError `unavailable` when it does not come up, or refuses our credentials
 */
export const createNatsConnection = async (settings: ConnectionSettings): Promise<Connection> => {
  const { name, logger, trust = NO_TRUST } = settings;
  const nats = await firstConnect(settings);
  const waiting = new Set<(connected: boolean) => void>();
  let connected = true;

  const setConnected = (value: boolean): void => {
    connected = value;
    if (!value && !nats.isClosed()) return;
    for (const notify of waiting) notify(value);
    waiting.clear();
  };
  void watch(nats, logger, setConnected);

  const whenConnected = (millis: number): Promise<boolean> => {
    if (connected || nats.isClosed()) return Promise.resolve(connected);
    return new Promise((resolve) => {
      const notify = (value: boolean): void => {
        clearTimeout(timer);
        waiting.delete(notify);
        resolve(value);
      };
      const timer = setTimeout(() => notify(false), Math.max(0, millis));
      waiting.add(notify);
    });
  };

  const close = async (): Promise<void> => {
    if (nats.isClosed()) return;
    if (connected && !nats.isDraining()) await settledWithin(nats.drain(), DRAIN_MILLIS);
    await nats.close();
  };

  return { nats, name, logger, trust, isConnected: () => connected, whenConnected, close };
};

const firstConnect = async (settings: ConnectionSettings): Promise<NatsConnection> => {
  const { natsUrl, name, connectMillis = 30_000 } = settings;
  const options = connectionOptions(natsUrl, name);
  const givesUpAt = Date.now() + connectMillis;
  for (;;) {
    try {
      return await connect(options);
    } catch (error) {
      if (isRefused(error)) {
        throw new InfrastructureError(
          'unavailable',
          `NATS at ${String(options.servers)} refuses our credentials; check NATS_URL and CYBORGBACKUP_SERVICE_SECRET.`,
        );
      }
      if (Date.now() >= givesUpAt) {
        const problem = `NATS at ${String(options.servers)} does not answer (${messageOf(error)})`;
        throw new InfrastructureError(
          'unavailable',
          `${problem}; check that nats-server runs and that NATS_URL is right.`,
        );
      }
      await delay(FIRST_CONNECT_PAUSE_MILLIS);
    }
  }
};

const isRefused = (error: unknown): boolean => error instanceof errors.AuthorizationError;

const watch = async (nats: NatsConnection, logger: Logger, setConnected: (value: boolean) => void): Promise<void> => {
  for await (const status of nats.status()) {
    if (status.type === 'disconnect') setConnected(false);
    if (status.type === 'reconnect') setConnected(true);
    logStatus(status, logger);
  }
  setConnected(false);
};

const logStatus = (status: Status, logger: Logger): void => {
  if (status.type === 'disconnect') logger.warn({ server: status.server }, 'lost NATS; reconnecting');
  else if (status.type === 'reconnect') logger.info({ server: status.server }, 'reconnected to NATS');
  else if (status.type === 'error') logger.error({ err: status.error }, 'NATS reports an error');
  else if (status.type === 'staleConnection') logger.warn('NATS does not answer pings');
};
