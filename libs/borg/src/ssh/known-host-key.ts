import { AppError } from '@cyborgbackup/kernel';
import { HOST_KEY_ALGORITHMS, type HostKey, parseHostKey } from './host-key.ts';
import { isSshError } from './error.ts';

const refuse = (why: string): AppError =>
  new AppError(
    'validation',
    `This is not a host key: ${why}. Send one line as in known_hosts or in /etc/ssh/ssh_host_ed25519_key.pub of the host, ` +
      'such as "ssh-ed25519 AAAA…".',
  );

const BASE64 = /^AAAA[A-Za-z0-9+/]+={0,2}$/;
/** A type of keys, as signature algorithms of RSA are none. */
const isKeyType = (word: string | undefined): boolean =>
  HOST_KEY_ALGORITHMS.some((name) => name === word && !name.startsWith('rsa-'));

const parseBlob = (base64: string): HostKey => {
  try {
    return parseHostKey(Buffer.from(base64, 'base64'));
  } catch (error) {
    if (!isSshError(error, 'protocol')) throw error;
    throw refuse('it cannot be read, perhaps a part is missing');
  }
};

/** The type, where it is told, and the key itself, in a line that may begin with names of hosts. */
const splitLine = (line: string): readonly [type: string | undefined, base64: string] => {
  const words = line.split(/[ \t]+/);
  if (BASE64.test(words[0] ?? '')) return [undefined, words[0] ?? ''];
  const at = words.findIndex((word) => isKeyType(word));
  if (at > 1) return [undefined, ''];
  const [type, base64 = ''] = words.slice(Math.max(at, 0));
  return [type, base64];
};

/**
 * A host's public key as people have it: `ssh-ed25519 AAAA…` with or without a comment, the base64 text alone, or a whole line of
 * known_hosts, as ssh-keyscan prints it.
 * @throws AppError('validation') for anything else
 */
export const parseKnownHostKey = (text: string): HostKey => {
  const line = text.trim();
  if (/[\r\n]/.test(line)) throw refuse('it has several lines, and one key is pinned for each host');
  if (line.startsWith('@')) throw refuse('marked lines of known_hosts cannot be pinned');
  const [type, base64] = splitLine(line);
  if (!BASE64.test(base64)) throw refuse('there is no key of a type that hosts are known by');
  const key = parseBlob(base64);
  if (!isKeyType(key.type)) throw refuse(`hosts are not known by keys of the type ${key.type}`);
  if (type !== undefined && type !== key.type) throw refuse(`it says ${type} and is of the type ${key.type}`);
  return key;
};
