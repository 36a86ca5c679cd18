import { connectSsh, type ForwardableAgent, type SshSession } from '@cyborgbackup/borg';
import type { ConnectionOptions } from './connection-options.ts';

export interface SessionTarget {
  readonly host: string;
  readonly port: number;
  readonly user: string;
}

/** Logs in with a key. @throws SshError */
export const openSession = (
  options: ConnectionOptions,
  target: SessionTarget,
  privateKey: string,
  agent?: ForwardableAgent,
): Promise<SshSession> =>
  connectSsh({
    ...target,
    privateKey,
    hostKeys: options.hostKeys,
    connectTimeoutMillis: options.connectTimeoutMillis,
    signal: options.signal,
    logger: options.parts.logger,
    ...(agent ? { agent } : {}),
  });
