import { withoutBrackets } from '../commands/host-name.ts';
import { SshError } from './error.ts';
import { fingerprintOf, parseKey } from './key.ts';

/** The public key by which a host is known. */
export interface HostKey {
  /** For example `ssh-ed25519`. */
  readonly type: string;
  /** `SHA256:` and 43 base64 characters, as `ssh-keygen -l` prints it. */
  readonly fingerprint: string;
  /** The key itself, as in a known_hosts line. */
  readonly base64: string;
}

/** Where the keys of known hosts are kept. */
export interface HostKeyPins {
  /** The keys on record for a host; empty for one never seen. */
  known(host: string, port: number): Promise<readonly HostKey[]>;
  /** Called once for a host never seen (trust at first contact). When it rejects, the connection is refused. */
  record(host: string, port: number, key: HostKey): Promise<void>;
}

/** The key in the form the SSH handshake delivers it. @throws SshError('protocol') when it is not a public key */
export const parseHostKey = (blob: Buffer): HostKey => {
  const key = parseKey(blob);
  if (key instanceof Error) throw new SshError('protocol', `The host sent a key that cannot be read: ${key.message}.`);
  return { type: key.type, fingerprint: fingerprintOf(blob), base64: blob.toString('base64') };
};

/** One line of a known_hosts file. It names the port only when it is not 22. */
export const knownHostsLine = (host: string, port: number, key: Pick<HostKey, 'type' | 'base64'>): string => {
  const bare = withoutBrackets(host);
  return `${port === 22 ? bare : `[${bare}]:${port}`} ${key.type} ${key.base64}`;
};

/** ssh2's own order, modern first. */
export const HOST_KEY_ALGORITHMS = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
  'ssh-rsa',
] as const;

/**
 * The host-key algorithms to offer, those of the pinned keys first. A host has a key of each kind; asked for another
 * kind than last time it would look like another host.
 */
export const hostKeyAlgorithms = (known: readonly Pick<HostKey, 'type'>[]): (typeof HOST_KEY_ALGORITHMS)[number][] => {
  const isPinned = (name: string): boolean =>
    known.some(({ type }) => name === type || (type === 'ssh-rsa' && name.startsWith('rsa-sha2-')));
  return HOST_KEY_ALGORITHMS.toSorted((a, b) => Number(isPinned(b)) - Number(isPinned(a)));
};

/**
 * Accepts a key on record, records that of a host never seen, refuses any other.
 * @throws SshError('host-key') when the host has another key than before
 */
export const verifyHostKey = async (pins: HostKeyPins, host: string, port: number, key: HostKey): Promise<void> => {
  const known = await pins.known(host, port);
  if (known.some((pin) => pin.base64 === key.base64)) return;
  if (known.length === 0) return pins.record(host, port, key);
  const expected = known.map((pin) => pin.fingerprint).join(' or ');
  throw new SshError(
    'host-key',
    `The host key of ${host}:${port} changed: expected ${expected}, got ${key.fingerprint}. ` +
      `If the host was reinstalled, forget its key (DELETE /api/v1/host_keys/${host}:${port}/) and try again; ` +
      'otherwise somebody may be in between.',
  );
};
