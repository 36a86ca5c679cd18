import fc from 'fast-check';
import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { decryptField, encryptField } from './field-cipher.ts';

const key = randomBytes(32);

it('gives back any text, lone surrogates too', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string(), (text, subject) => {
      expect(decryptField(key, subject, encryptField(key, subject, text))).toBe(text);
    }),
  );
  expect(decryptField(key, 's', encryptField(key, 's', 'a\udc80'))).toBe('a\udc80');
});

it('opens with its own key and subject only, and only what was not altered', () => {
  const value = encryptField(key, 'user-1', 'secret');
  expect(() => decryptField(randomBytes(32), 'user-1', value)).toThrow();
  expect(() => decryptField(key, 'user-2', value)).toThrow();
  expect(() => decryptField(key, 'user-1', value.slice(0, 20))).toThrow(/too short/);
  const bytes = Buffer.from(value, 'base64');
  for (let index = 0; index < bytes.length; index += 1) {
    const altered = Buffer.from(bytes);
    altered[index]! ^= 1;
    expect(() => decryptField(key, 'user-1', altered.toString('base64'))).toThrow();
  }
});

it('never gives the same value twice', () => {
  expect(encryptField(key, 's', 'text')).not.toBe(encryptField(key, 's', 'text'));
});
