import { AppError } from '@cyborgbackup/kernel';
import {
  createCipheriv,
  createDecipheriv,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  randomBytes,
  type KeyObject,
} from 'node:crypto';

const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** A caller makes another key pair after this time: far fewer messages than random nonces allow for one key. */
const KEY_MILLIS = 3_600_000;

/** Callers whose keys a service remembers, so that it computes them once and not for each call. */
const CALLERS_MAX = 64;

interface CallKeys {
  readonly request: Buffer;
  readonly answer: Buffer;
}

const callKeys = (own: KeyObject, other: KeyObject, callerKey: string): CallKeys => {
  const shared = diffieHellman({ privateKey: own, publicKey: other });
  const derive = (purpose: string): Buffer =>
    Buffer.from(hkdfSync('sha256', shared, callerKey, `cyborgbackup/call/${purpose}`, KEY_BYTES));
  return { request: derive('request'), answer: derive('answer') };
};

/** Nonce, encrypted text and tag. The subject is bound to it: what was sealed for one call opens for no other. */
const encrypt = (key: Buffer, subject: string, text: string): Buffer => {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce).setAAD(Buffer.from(subject));
  return Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
};

const decrypt = (key: Buffer, subject: string, bytes: Uint8Array): Buffer => {
  const end = bytes.length - TAG_BYTES;
  const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES)).setAAD(Buffer.from(subject));
  decipher.setAuthTag(bytes.subarray(end));
  return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, end)), decipher.final()]);
};

/** One end of a sealed call. */
export interface CallSeal {
  /** Goes into a header of the request: the public key by which the service finds the same keys. */
  readonly callerKey: string;
  /** @param subject of the call, also for its answer */
  sealRequest(subject: string, text: string): Uint8Array;
  openRequest(subject: string, bytes: Uint8Array): Uint8Array;
  sealAnswer(subject: string, text: string): Uint8Array;
  openAnswer(subject: string, bytes: Uint8Array): Uint8Array;
}

const createSeal = (callerKey: string, keys: CallKeys): CallSeal => {
  const open = (key: Buffer, subject: string, bytes: Uint8Array): Uint8Array => {
    try {
      return decrypt(key, subject, bytes);
    } catch (cause) {
      throw new AppError(
        'forbidden',
        `A message of ${subject} cannot be opened: it was sealed for another key. Give all services the same CYBORGBACKUP_SERVICE_KEYS.`,
        { cause },
      );
    }
  };
  return {
    callerKey,
    sealRequest: (subject, text) => encrypt(keys.request, subject, text),
    openRequest: (subject, bytes) => open(keys.request, subject, bytes),
    sealAnswer: (subject, text) => encrypt(keys.answer, subject, text),
    openAnswer: (subject, bytes) => open(keys.answer, subject, bytes),
  };
};

/**
 * The caller's end of sealed calls to one service. Only the service can read them, and only this process the answers, whoever
 * else reads along: other services, the NATS server, its administrator.
 *
 *   an X25519 key pair of the caller, for an hour  x  the service's key  ->  HKDF  ->  a key for requests, one for answers
 *   AES-256-GCM with a random nonce, bound to the call's subject
 */
export const createCallerSeal = (sealingKey: KeyObject, now: () => number = Date.now): (() => CallSeal) => {
  let seal: CallSeal | undefined;
  let until = 0;
  return () => {
    if (seal && now() < until) return seal;
    const own = generateKeyPairSync('x25519');
    const callerKey = own.publicKey.export({ format: 'jwk' }).x ?? '';
    until = now() + KEY_MILLIS;
    seal = createSeal(callerKey, callKeys(own.privateKey, sealingKey, callerKey));
    return seal;
  };
};

/**
 * The service's end: finds the seal of a request by its caller's key.
 * @throws AppError `forbidden` when that is no key
 */
export const createServiceSeals = (openingKey: KeyObject): ((callerKey: string) => CallSeal) => {
  const seals = new Map<string, CallSeal>();
  return (callerKey) => {
    const known = seals.get(callerKey);
    if (known) return known;
    let keys: CallKeys;
    try {
      const other = createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x: callerKey }, format: 'jwk' });
      keys = callKeys(openingKey, other, callerKey);
    } catch (cause) {
      throw new AppError('forbidden', 'A message says that it is sealed, but by no key.', { cause });
    }
    const [oldest] = seals.keys();
    if (oldest !== undefined && seals.size >= CALLERS_MAX) seals.delete(oldest);
    const seal = createSeal(callerKey, keys);
    seals.set(callerKey, seal);
    return seal;
  };
};
