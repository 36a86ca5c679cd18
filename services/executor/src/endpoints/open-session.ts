import { connectSsh, type ForwardableAgent, type SshSession } from '@cyborgbackup/borg';
import type { ConnectionOptions } from './connection-options.ts';

export interface SessionTarget {
  readonly host: string;
  readonly port: number;
  readonly user: string;
}

export interface Keys {
  /** OpenSSH PEM. */
  readonly privateKey: string;
  readonly otherKey?: string | undefined;
}

/**
 * Logs in with one of two keys. The signal ends the attempt to connect, and not the session once it stands: what runs there
 * is told to stop by its own signal, and only an open session tells that it did.
 * @throws SshError
 */
export const openSession = async (
  options: ConnectionOptions,
  target: SessionTarget,
  keys: Keys,
  agent?: ForwardableAgent,
): Promise<SshSession> => {
  const { hostKeys, connectTimeoutMillis, signal, parts } = options;
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
      logger: parts.logger,
      ...(agent ? { agent } : {}),
    });
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
};
