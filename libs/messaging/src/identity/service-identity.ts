import { AppError } from '@cyborgbackup/kernel';
import { nkeys } from '@nats-io/transport-node';
import { createPrivateKey, createPublicKey, hkdfSync, randomBytes, type KeyObject } from 'node:crypto';
import { userSeed } from './nkey.ts';

const KEY_BYTES = 32;

/** What comes before the 32 bytes of a private key in PKCS #8 (RFC 8410). */
const PKCS8 = { ed25519: '302e020100300506032b657004220420', x25519: '302e020100300506032b656e04220420' };

/** The secret half of who a service is on the bus: everything in it follows from 32 bytes. */
export interface ServiceIdentity {
  /** Logs in at NATS. */
  readonly natsSeed: string;
  /** Signs who acts; counts for the gateway only. */
  readonly signingKey: KeyObject;
  /** Opens what others have sealed for this service. */
  readonly openingKey: KeyObject;
  /** The public half, for everybody else: see `ServiceDirectory`. */
  readonly publicKey: string;
}

/** The public half of who a service is. */
export interface ServicePublicKey {
  readonly verifyingKey: KeyObject;
  readonly sealingKey: KeyObject;
}

const derive = (secret: Buffer, purpose: string): Buffer =>
  Buffer.from(hkdfSync('sha256', secret, Buffer.alloc(0), `cyborgbackup/bus/${purpose}`, KEY_BYTES));

const privateKey = (kind: keyof typeof PKCS8, raw: Buffer): KeyObject =>
  createPrivateKey({ key: Buffer.concat([Buffer.from(PKCS8[kind], 'hex'), raw]), format: 'der', type: 'pkcs8' });

const publicBytes = (key: KeyObject): Buffer =>
  Buffer.from(createPublicKey(key).export({ format: 'jwk' }).x ?? '', 'base64url');

const publicKeyOf = (curve: 'Ed25519' | 'X25519', raw: Buffer): KeyObject =>
  createPublicKey({ key: { kty: 'OKP', crv: curve, x: raw.toString('base64url') }, format: 'jwk' });

/** Exactly so many bytes in base64 or base64url; undefined for anything else. */
const decodeBytes = (text: string, length: number): Buffer | undefined => {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.length === length && /^[\w+/-]+=*$/.test(text) ? bytes : undefined;
};

/**
 * Derives a key for each purpose, so that no key is used for two things.
 * @throws AppError `validation` when it is not 32 bytes in base64
 */
export const serviceIdentity = (secret: string): ServiceIdentity => {
  const bytes = decodeBytes(secret, KEY_BYTES);
  if (!bytes) {
    const advice = 'make the keys of all services with "npm run keys".';
    throw new AppError('validation', `CYBORGBACKUP_SERVICE_SECRET is not base64 of 32 bytes: ${advice}`);
  }
  const signingKey = privateKey('ed25519', derive(bytes, 'signing'));
  const openingKey = privateKey('x25519', derive(bytes, 'opening'));
  return {
    natsSeed: userSeed(derive(bytes, 'nats')),
    signingKey,
    openingKey,
    publicKey: Buffer.concat([publicBytes(signingKey), publicBytes(openingKey)]).toString('base64url'),
  };
};

/** For `serviceIdentity`. */
export const randomServiceSecret = (): string => randomBytes(KEY_BYTES).toString('base64url');

/** The public nkey of a seed, as nats-server's configuration names the user. */
export const natsUserOf = (seed: string): string => nkeys.fromSeed(Buffer.from(seed)).getPublicKey();

/** @returns undefined when the text is no public half of an identity */
export const servicePublicKey = (text: string): ServicePublicKey | undefined => {
  const bytes = decodeBytes(text, 2 * KEY_BYTES);
  if (!bytes) return undefined;
  return {
    verifyingKey: publicKeyOf('Ed25519', bytes.subarray(0, KEY_BYTES)),
    sealingKey: publicKeyOf('X25519', bytes.subarray(KEY_BYTES)),
  };
};
