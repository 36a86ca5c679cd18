import { isSshError, knownHostsLine } from '@cyborgbackup/borg';
import type { ConnectionOptions } from './connection-options.ts';
import { openSession, type SessionTarget } from './open-session.ts';

/** The keys by which a host is known, for programs that log in to it from elsewhere. */
export interface KnownHost {
  /** As in a known_hosts file. */
  readonly lines: readonly string[];
  /** base64 */
  readonly keys: readonly string[];
}

/**
 * A host's keys, met by a short connection of our own when nobody has met them yet.
 * @param privateKey ours; that the host does not accept it does not matter here
 */
export const knownHost = async (
  options: ConnectionOptions,
  target: SessionTarget,
  privateKey: string,
): Promise<KnownHost> => {
  const { host, port } = target;
  let known = await options.hostKeys.known(host, port);
  if (known.length === 0) {
    await meet(options, target, privateKey);
    known = await options.hostKeys.known(host, port);
  }
  return { lines: known.map((key) => knownHostsLine(host, port, key)), keys: known.map(({ base64 }) => base64) };
};

/** The host's key is on record before the host looks at ours. */
const meet = async (options: ConnectionOptions, target: SessionTarget, privateKey: string): Promise<void> => {
  try {
    const session = await openSession(options, target, { privateKey });
    await session.close();
  } catch (error) {
    if (!isSshError(error, 'auth')) throw error;
  }
};
