import {
  connectSsh,
  isSshError,
  knownHostsLine,
  runCommand,
  sshRunner,
  type ForwardableAgent,
  type SshErrorKind,
  type SshSession,
} from '@cyborgbackup/borg';
import { addAbortListener } from 'node:events';
import type { ConnectionOptions } from '../job/job-context.ts';

export interface SshTarget {
  readonly host: string;
  readonly port: number;
  readonly user: string;
}

/**
 * Logs in with one of two keys, in OpenSSH's PEM. The signal ends the attempt to connect, but not an open session: what runs
 * there is stopped by its own signal, and only an open session tells whether it did stop.
 * @throws SshError
 */
export const openSession = async (
  options: ConnectionOptions,
  target: SshTarget,
  { privateKey, otherKey }: { readonly privateKey: string; readonly otherKey?: string | undefined },
  agent?: ForwardableAgent,
): Promise<SshSession> => {
  const { hostKeys, connectTimeoutMillis, signal, deps } = options;
  const connecting = new AbortController();
  using _listener = addAbortListener(signal, () => connecting.abort());
  return await connectSsh({
    ...{ host: target.host, port: target.port, user: target.user },
    ...{ privateKey, otherKey },
    hostKeys,
    connectTimeoutMillis,
    signal: connecting.signal,
    logger: deps.logger,
    ...(agent ? { agent } : {}),
  });
};

/** False when the work fails with an error of these kinds. @throws any other error */
export const succeeds = async (work: () => Promise<unknown>, ...kinds: readonly SshErrorKind[]): Promise<boolean> => {
  try {
    await work();
    return true;
  } catch (error) {
    if (isSshError(error) && kinds.includes(error.kind)) return false;
    throw error;
  }
};

/** Longer than a session waits for a command to start: an account may show a menu instead. */
const SHELL_MILLIS = 90_000;

/** Whether the account runs commands for the key that the session was opened with. @throws SshError */
export const hasShell = ({ signal }: ConnectionOptions, session: SshSession): Promise<boolean> =>
  succeeds(
    () => runCommand(sshRunner(session), ['true'], { signal, timeoutMillis: SHELL_MILLIS }),
    ...(['no-shell', 'no-session'] as const),
  );

/** Whether an account lets a key in. @throws SshError when its host cannot be reached */
export const acceptsKey = (options: ConnectionOptions, target: SshTarget, privateKey: string): Promise<boolean> =>
  succeeds(async () => (await openSession(options, target, { privateKey })).close(), 'auth');

/** The keys by which a host is known, for programs that log in to it from another host. */
export interface KnownHost {
  /** As in a known_hosts file. */
  readonly lines: readonly string[];
  /** base64 */
  readonly keys: readonly string[];
}

/**
 * A host's keys. A host that no executor has connected to yet gets a short connection, which records its key.
 * @param privateKey ours; that the host does not accept it does not matter here
 */
export const knownHost = async (
  options: ConnectionOptions,
  target: SshTarget,
  privateKey: string,
): Promise<KnownHost> => {
  const { host, port } = target;
  let known = await options.hostKeys.known(host, port);
  if (known.length === 0) {
    // The host's key is recorded before the host checks ours.
    await acceptsKey(options, target, privateKey);
    known = await options.hostKeys.known(host, port);
  }
  return { lines: known.map((key) => knownHostsLine(host, port, key)), keys: known.map(({ base64 }) => base64) };
};
