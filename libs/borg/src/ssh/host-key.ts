import { fingerprintOf } from './fingerprint.ts';
import { SshError } from './error.ts';
import { parseKey } from './key.ts';

/** The public key by which a host proves that it is itself. */
export interface HostKey {
  /** For example `ssh-ed25519`. */
  readonly type: string;
  /** `SHA256:` and 43 base64 characters, as `ssh-keygen -l` shows it. */
  readonly fingerprint: string;
  /** The key itself, as in a known_hosts line. */
  readonly base64: string;
}

/** Where the keys of known hosts are kept. */
export interface HostKeyPins {
  /** The keys on record for a host; empty for one never seen. */
  known(host: string, port: number): Promise<readonly HostKey[]>;
  /** Called once for a host never seen (trust on first use). When it rejects, the connection is refused. */
  record(host: string, port: number, key: HostKey): Promise<void>;
}

/** The key in the form the SSH handshake delivers it. @throws SshError('protocol') when it is not a public key */
export const parseHostKey = (blob: Buffer): HostKey => {
  const key = parseKey(blob);
  if (key instanceof Error) throw new SshError('protocol', `The host sent a key that cannot be read: ${key.message}.`);
  return { type: key.type, fingerprint: fingerprintOf(blob), base64: blob.toString('base64') };
};

/** A host as known_hosts and messages write it: the port only when it is not 22. */
export const knownHostsName = (host: string, port: number): string => {
  const bare = host.replace(/^\[|\]$/g, '');
  return port === 22 ? bare : `[${bare}]:${port}`;
};

/** One line of a known_hosts file. */
export const knownHostsLine = (host: string, port: number, key: Pick<HostKey, 'type' | 'base64'>): string =>
  `${knownHostsName(host, port)} ${key.type} ${key.base64}`;

const SIGNATURES: Readonly<Record<string, readonly string[]>> = {
  'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256', 'ssh-rsa'],
};

/** ssh2's own order, modern first. */
const DEFAULT_ORDER = [
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
export const hostKeyAlgorithms = (known: readonly Pick<HostKey, 'type'>[]): (typeof DEFAULT_ORDER)[number][] => {
  const preferred = new Set(known.flatMap((key) => SIGNATURES[key.type] ?? [key.type]));
  return [
    ...DEFAULT_ORDER.filter((name) => preferred.has(name)),
    ...DEFAULT_ORDER.filter((name) => !preferred.has(name)),
  ];
};

/**
 * Accepts a key on record, records that of a host never seen, refuses any other.
 * @throws SshError('host-key') when the host shows another key than before
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
