import { AppError } from '@cyborgbackup/kernel';
import ssh2, { type ParsedKey } from 'ssh2';
import { generateEd25519 } from './ed25519-key.ts';
import { fingerprintOf } from './fingerprint.ts';

export interface KeyPair {
  /** OpenSSH PEM, not encrypted: whoever stores it must. */
  readonly privateKey: string;
  /** One authorized_keys line, comment included. */
  readonly publicKey: string;
  readonly fingerprint: string;
}

export interface KeyPairOptions {
  readonly type: 'ed25519' | 'rsa' | 'ecdsa';
  /** RSA: 2048 to 16384, default 4096. ECDSA: 256 (default), 384 or 521. Ignored for ed25519. */
  readonly bits?: number;
  /** Ends the public line; one line of printable characters. */
  readonly comment: string;
}

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

/** `SHA256:…` of a private or public key. @throws AppError('validation') when it is neither */
export const keyFingerprint = (key: string): string => {
  const parsed = parseKey(key);
  if (parsed instanceof Error) throw new AppError('validation', 'This is not an SSH key.');
  return fingerprintOf(parsed.getPublicSSH());
};

/** @throws AppError('validation') */
const rsaBits = (bits = 4096): number => {
  if (Number.isInteger(bits) && bits >= 2048 && bits <= 16_384) return bits;
  throw new AppError('validation', 'An RSA key has 2048 to 16384 bits.');
};

/** @throws AppError('validation') */
const ecdsaBits = (bits = 256): 256 | 384 | 521 => {
  if (bits === 256 || bits === 384 || bits === 521) return bits;
  throw new AppError('validation', 'An ECDSA key has 256, 384 or 521 bits.');
};

/** The private key as OpenSSH PEM. */
const generate = ({ type, bits, comment }: KeyPairOptions): Promise<string> => {
  if (type === 'ed25519') return generateEd25519(comment);
  return new Promise((resolve, reject) => {
    const done = (error: Error | null, pair: { private: string }): void =>
      error ? reject(error) : resolve(pair.private);
    if (type === 'rsa') ssh2.utils.generateKeyPair('rsa', { bits: rsaBits(bits), comment }, done);
    else ssh2.utils.generateKeyPair('ecdsa', { bits: ecdsaBits(bits), comment }, done);
  });
};

/** A new key pair; a large RSA one takes some seconds, off the event loop. @throws AppError('validation') */
export const generateKeyPair = async (options: KeyPairOptions): Promise<KeyPair> => {
  if (/[^\x20-\x7e]/.test(options.comment))
    throw new AppError('validation', 'A key comment is one line of plain characters.');
  const privateKey = await generate(options);
  const key = parsePrivateKey(privateKey);
  return { privateKey, publicKey: lineOf(key, options.comment), fingerprint: fingerprintOf(key.getPublicSSH()) };
};
