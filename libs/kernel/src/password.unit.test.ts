import { scryptSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { hashPassword, verifyPassword } from './password.ts';

test('a password is recognised by its hash, another one is not', async () => {
  const hash = await hashPassword('correct horse');
  expect(hash).toMatch(/^\$scrypt\$ln=15,r=8,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  expect(await verifyPassword('correct horse', hash)).toBe(true);
  expect(await verifyPassword('correct horsf', hash)).toBe(false);
  expect(await verifyPassword('', hash)).toBe(false);
});

test('the same password never has the same hash twice', async () => {
  expect(await hashPassword('x')).not.toBe(await hashPassword('x'));
});

test('composed and decomposed letters are one password', async () => {
  expect(await verifyPassword('pa\u0308sse', await hashPassword('p\u00e4sse'))).toBe(true);
});

test('a hash with other costs is read by the costs it names', async () => {
  const salt = Buffer.from('0123456789abcdef');
  const hash = scryptSync('secret', salt, 32, { N: 1024, r: 4, p: 2 });
  const base64 = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '');
  const text = `$scrypt$ln=10,r=4,p=2$${base64(salt)}$${base64(hash)}`;
  expect(await verifyPassword('secret', text)).toBe(true);
  expect(await verifyPassword('Secret', text)).toBe(false);
});

test.each([
  '',
  'secret',
  '$scrypt$',
  '$scrypt$ln=15,r=8,p=1$$',
  '$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaGhhc2g',
  '$scrypt$ln=30,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
])('%j is the hash of nothing', async (text) => {
  expect(await verifyPassword('secret', text)).toBe(false);
});
