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
/** How long a service believes that a key is its caller's: until the last call with it must have arrived, and clocks differ. */
const PROOF_MILLIS = KEY_MILLIS + 600_000;

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

/** Nonce, encrypted text and tag. What is `bound` is not sent, and opens nothing when it is another. */
const encrypt = (key: Buffer, bound: string, text: string): Buffer => {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce).setAAD(Buffer.from(bound));
  return Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
};

const decrypt = (key: Buffer, bound: string, bytes: Uint8Array): Buffer => {
  const end = bytes.length - TAG_BYTES;
  const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES)).setAAD(Buffer.from(bound));
  decipher.setAuthTag(bytes.subarray(end));
  return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, end)), decipher.final()]);
};

const open = (key: Buffer, bound: string, bytes: Uint8Array): Uint8Array => {
  try {
    return decrypt(key, bound, bytes);
  } catch (cause) {
    const advice = 'Give all services the same CYBORGBACKUP_SERVICE_KEYS.';
    throw new AppError('forbidden', `A sealed message cannot be opened: it was made for another key. ${advice}`, {
      cause,
    });
  }
};

/** Each sealed message has another one, so an answer that is bound to it answers that request and no other. */
const requestId = (request: Uint8Array): string => Buffer.from(request.subarray(0, NONCE_BYTES)).toString('hex');

/** The caller's end of sealed calls. */
export interface CallerSeal {
  /** Goes into a header of the request: the public key by which the service finds the same keys. */
  readonly callerKey: string;
  /** Whose key that is, signed: see `CallTrust.sign`. Goes into a header too. */
  readonly proof: string;
  /** @param bound what belongs to the request, and is sent beside it in clear */
  sealRequest(bound: string, text: string): Uint8Array;
  openAnswer(request: Uint8Array, answer: Uint8Array): Uint8Array;
}

/** The service's end. */
export interface ServiceSeal {
  /** The service whose key sealed the request. */
  readonly caller: string;
  openRequest(bound: string, request: Uint8Array): Uint8Array;
  sealAnswer(request: Uint8Array, text: string): Uint8Array;
}

/** What a caller signs once for each of its keys. */
const claimText = (service: string, callerKey: string, expires: number): string =>
  ['cyborgbackup-caller-1', service, callerKey, expires].join('\n');

/**
 * The caller's end of calls to one service. Only the service can read them, and only this process the answers, whoever else reads
 * along: other services, the NATS server, its administrator. And only this process can have made them.
 *
 *   an X25519 key pair of the caller, for an hour  x  the service's key  ->  HKDF  ->  a key for requests, one for answers
 *   AES-256-GCM with a random nonce, bound to subject, actor and expiry; an answer is bound to its request
 *   the caller's public key is signed by its identity (Ed25519), once: to sign each call would take longer than the rest of it
 */
export const createCallerSeal = (
  service: string,
  sealingKey: KeyObject,
  sign: (text: string) => { readonly signer: string; readonly value: string },
): (() => CallerSeal) => {
  let seal: CallerSeal | undefined;
  let until = 0;
  return () => {
    if (seal && Date.now() < until) return seal;
    const own = generateKeyPairSync('x25519');
    const callerKey = own.publicKey.export({ format: 'jwk' }).x ?? '';
    const keys = callKeys(own.privateKey, sealingKey, callerKey);
    const expires = Date.now() + PROOF_MILLIS;
    const { signer, value } = sign(claimText(service, callerKey, expires));
    until = Date.now() + KEY_MILLIS;
    seal = {
      callerKey,
      proof: [signer, expires, value].join('.'),
      sealRequest: (bound, text) => encrypt(keys.request, bound, text),
      openAnswer: (request, answer) => open(keys.answer, requestId(request), answer),
    };
    return seal;
  };
};

/**
 * The service's end: finds the seal of a request by its caller's key.
 * @throws AppError `forbidden` when that is no key, or not proven to be that of a service
 */
export const createServiceSeals = (
  openingKey: KeyObject,
  isClaimed: (signer: string, text: (service: string) => string, signature: string) => boolean,
): ((callerKey: string, proof: string) => ServiceSeal) => {
  const seals = new Map<string, { readonly seal: ServiceSeal; readonly expires: number }>();

  const makeSeal = (callerKey: string, caller: string): ServiceSeal => {
    const other = createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x: callerKey }, format: 'jwk' });
    const keys = callKeys(openingKey, other, callerKey);
    return {
      caller,
      openRequest: (bound, request) => open(keys.request, bound, request),
      sealAnswer: (request, text) => encrypt(keys.answer, requestId(request), text),
    };
  };

  return (callerKey, proof) => {
    const id = `${callerKey}.${proof}`;
    const known = seals.get(id);
    if (known && Date.now() < known.expires) return known.seal;
    const [signer = '', expiry = '', signature = ''] = proof.split('.', 3);
    const expires = Number(expiry);
    if (!(Date.now() < expires) || !isClaimed(signer, (service) => claimText(service, callerKey, expires), signature)) {
      throw new AppError(
        'forbidden',
        'A sealed message carries no signature that fits its key, or one that has expired.',
      );
    }
    const seal = makeSeal(callerKey, signer);
    const [oldest] = seals.keys();
    if (oldest !== undefined && seals.size >= CALLERS_MAX) seals.delete(oldest);
    seals.set(id, { seal, expires });
    return seal;
  };
};
