import { connectSsh, isSshError, knownHostsLine, type ForwardableAgent, type SshSession } from '@cyborgbackup/borg';
import type { ConnectionOptions } from './connection-options.ts';

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
  keys: { readonly privateKey: string; readonly otherKey?: string | undefined },
  agent?: ForwardableAgent,
): Promise<SshSession> => {
  const { hostKeys, connectTimeoutMillis, signal, deps } = options;
  const connecting = new AbortController();
  const giveUp = (): void => connecting.abort();
  signal.addEventListener('abort', giveUp, { once: true });
  if (signal.aborted) giveUp();
  try {
    return await connectSsh({
      ...target,
      ...keys,
      hostKeys,
      connectTimeoutMillis,
      signal: connecting.signal,
      logger: deps.logger,
      ...(agent ? { agent } : {}),
    });
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
};

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
    await recordHostKey(options, target, privateKey);
    known = await options.hostKeys.known(host, port);
  }
  return { lines: known.map((key) => knownHostsLine(host, port, key)), keys: known.map(({ base64 }) => base64) };
};

/** The host's key is recorded before the host checks ours. */
const recordHostKey = async (options: ConnectionOptions, target: SshTarget, privateKey: string): Promise<void> => {
  try {
    const session = await openSession(options, target, { privateKey });
    await session.close();
  } catch (error) {
    if (!isSshError(error, 'auth')) throw error;
  }
};
