import { AppError } from '@cyborgbackup/kernel';
import { createHash, generateKeyPair as generateRawKeyPair, type KeyObject, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import ssh2, { type ParsedKey } from 'ssh2';
import { wireString, wireUint32 } from './wire.ts';

export interface SshKeyPair {
  /** OpenSSH PEM, not encrypted: to be encrypted before it is stored. */
  readonly privateKey: string;
  /** One authorized_keys line, comment included. */
  readonly publicKey: string;
  readonly fingerprint: string;
}

export interface SshKeyPairOptions {
  readonly type: 'ed25519' | 'rsa' | 'ecdsa';
  /** RSA: 2048 to 16384, default 4096. ECDSA: 256 (default), 384 or 521. Ignored for ed25519. */
  readonly bits?: number;
  /** Ends the public line; one line of printable characters. */
  readonly comment: string;
}

/** `SHA256:` and 43 base64 characters of a public key blob, as `ssh-keygen -l` prints it. */
export const fingerprintOf = (blob: Uint8Array): string =>
  `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;

const isList = (parsed: unknown): parsed is readonly ParsedKey[] => Array.isArray(parsed);

/** `utils.parseKey`, which answers with a list for some formats. */
export const parseKey = (data: string | Buffer): ParsedKey | Error => {
  const parsed = ssh2.utils.parseKey(data);
  return isList(parsed) ? (parsed[0] ?? new Error('no key')) : parsed;
};

/** The private key in a PEM text. @throws AppError('validation') for a public, encrypted or unreadable one */
export const parsePrivateKey = (privateKey: string): ParsedKey => {
  const parsed = parseKey(privateKey);
  if (parsed instanceof Error) {
    const why = /passphrase|encrypted/i.test(parsed.message)
      ? 'it is protected by a passphrase'
      : 'it is not an OpenSSH or PEM key';
    throw new AppError('validation', `This private key cannot be used: ${why}.`);
  }
  if (!parsed.isPrivateKey()) throw new AppError('validation', 'This is a public key; the private one is needed.');
  return parsed;
};

const lineOf = (key: ParsedKey, comment: string): string =>
  `${key.type} ${key.getPublicSSH().toString('base64')}${comment === '' ? '' : ` ${comment}`}`;

/** The authorized_keys line of a private key. @throws AppError('validation') as `parsePrivateKey` */
export const publicKeyOf = (privateKey: string): string => {
  const key = parsePrivateKey(privateKey);
  return lineOf(key, key.comment);
};

const field = (value: string | undefined): Buffer => Buffer.from(value ?? '', 'base64url');

/** OpenSSH's own format (PROTOCOL.key): public part, then a block with a check number twice, the key and padding 1, 2, 3… */
const openSshPem = (key: KeyObject, comment: string): string => {
  const { x, d } = key.export({ format: 'jwk' });
  const [publicKey, seed] = [field(x), field(d)];
  const publicPart = Buffer.concat([wireString('ssh-ed25519'), wireString(publicKey)]);
  const check = randomBytes(4);
  const keyPart = wireString(Buffer.concat([seed, publicKey]));
  const secret = Buffer.concat([check, check, publicPart, keyPart, wireString(comment)]);
  const padding = Buffer.from(Array.from({ length: -secret.length & 7 }, (_, index) => index + 1));
  const none = wireString('none');
  const body = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    none, // cipher
    none, // key derivation
    wireString(''),
    wireUint32(1),
    wireString(publicPart),
    wireString(Buffer.concat([secret, padding])),
  ]).toString('base64');
  const lines = body.match(/.{1,70}/g) ?? [];
  return ['-----BEGIN OPENSSH PRIVATE KEY-----', ...lines, '-----END OPENSSH PRIVATE KEY-----', ''].join('\n');
};

/**
 * A new ed25519 private key. Not by ssh2 (1.17): it drops leading zero bytes, so that one key in 256 is malformed (measured:
 * 11 of 5,000).
 */
const generateEd25519 = async (comment: string): Promise<string> => {
  const { privateKey } = await promisify(generateRawKeyPair)('ed25519');
  return openSshPem(privateKey, comment);
};

/** @throws AppError('validation') for another size */
const rsaBits = (bits = 4096): number => {
  if (Number.isInteger(bits) && bits >= 2048 && bits <= 16_384) return bits;
  throw new AppError('validation', 'An RSA key has 2048 to 16384 bits.');
};

/** @throws AppError('validation') for another size */
const ecdsaBits = (bits = 256): 256 | 384 | 521 => {
  if (bits === 256 || bits === 384 || bits === 521) return bits;
  throw new AppError('validation', 'An ECDSA key has 256, 384 or 521 bits.');
};

/** The private key as OpenSSH PEM. */
const generatePrivateKey = async ({ type, bits, comment }: SshKeyPairOptions): Promise<string> => {
  if (type === 'ed25519') return generateEd25519(comment);
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const done = (error: Error | null, pair: { private: string }): void =>
    error ? reject(error) : resolve(pair.private);
  if (type === 'rsa') ssh2.utils.generateKeyPair('rsa', { bits: rsaBits(bits), comment }, done);
  else ssh2.utils.generateKeyPair('ecdsa', { bits: ecdsaBits(bits), comment }, done);
  return promise;
};

/** A new key pair; a large RSA one takes some seconds, off the event loop. @throws AppError('validation') */
export const generateKeyPair = async (options: SshKeyPairOptions): Promise<SshKeyPair> => {
  if (/[^\x20-\x7e]/.test(options.comment))
    throw new AppError('validation', 'A key comment is one line of plain characters.');
  const privateKey = await generatePrivateKey(options);
  const key = parsePrivateKey(privateKey);
  return { privateKey, publicKey: lineOf(key, options.comment), fingerprint: fingerprintOf(key.getPublicSSH()) };
};
