import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const ALGORITHM = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** AES-256-GCM: nonce (12 bytes), ciphertext, tag (16 bytes). `context` is authenticated, not stored. */
export const encryptBytes = (key: Buffer, context: string, plain: Buffer): Buffer => {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, key, nonce).setAAD(Buffer.from(context));
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
};

/** @throws Error when the key, the context or the bytes are not those of the encryption */
export const decryptBytes = (key: Buffer, context: string, encrypted: Buffer): Buffer => {
  if (encrypted.length < NONCE_BYTES + TAG_BYTES) throw new Error('The encrypted value is too short');
  const decipher = createDecipheriv(ALGORITHM, key, encrypted.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
    .setAAD(Buffer.from(context))
    .setAuthTag(encrypted.subarray(-TAG_BYTES));
  return Buffer.concat([decipher.update(encrypted.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
};

/**
 * One field of text, as base64. The text travels as a JSON string, since UTF-8 alone would lose the lone surrogates of
 * paths that are not UTF-8.
 */
export const encryptField = (key: Buffer, subject: string, text: string): string =>
  encryptBytes(key, subject, Buffer.from(JSON.stringify(text))).toString('base64');

/** @throws Error when the value was not encrypted with this key for this subject */
export const decryptField = (key: Buffer, subject: string, value: string): string => {
  const text: unknown = JSON.parse(decryptBytes(key, subject, Buffer.from(value, 'base64')).toString());
  if (typeof text !== 'string') throw new Error('The encrypted value is not text');
  return text;
};
