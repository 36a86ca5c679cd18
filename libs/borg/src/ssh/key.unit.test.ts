import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { generateKeyPair, type SshKeyPairOptions, parsePrivateKey, publicKeyOf } from './key.ts';
import { signBlob, verifyBlob } from '../agent/signature.ts';

const dir = mkdtempSync(join(tmpdir(), 'keys-'));
afterAll(() => rmSync(dir, { recursive: true }));

const KINDS: SshKeyPairOptions[] = [
  { type: 'ed25519', comment: 'backup@control' },
  { type: 'rsa', bits: 2048, comment: 'r' },
  { type: 'ecdsa', comment: 'e' },
  { type: 'ecdsa', bits: 384, comment: '' },
  { type: 'ecdsa', bits: 521, comment: 'e' },
];

test.each(KINDS)('ssh-keygen reads what is made with $type $bits', async (options) => {
  const pair = await generateKeyPair(options);
  const file = join(dir, `${options.type}${options.bits ?? ''}`);
  writeFileSync(file, pair.privateKey, { mode: 0o600 });
  const derived = execFileSync('ssh-keygen', ['-y', '-f', file], { encoding: 'utf8' }).trim();
  expect(pair.publicKey).toBe(derived);
  expect(publicKeyOf(pair.privateKey)).toBe(derived);
  const listed = execFileSync('ssh-keygen', ['-l', '-f', file], { encoding: 'utf8' });
  expect(listed.split(' ')[1]).toBe(pair.fingerprint);
});

test.each(KINDS)('a signature by $type $bits verifies, and only for its data', async (options) => {
  const key = parsePrivateKey((await generateKeyPair(options)).privateKey);
  const publicKey = key.getPublicSSH();
  // Many rounds, since the encoding of ECDSA numbers depends on their leading bits.
  for (let round = 0; round < 40; round += 1) {
    const data = randomBytes(64);
    const blob = signBlob(key, data, 4);
    expect(verifyBlob(publicKey, data, blob)).toBe(true);
    expect(verifyBlob(publicKey, Buffer.concat([data, Buffer.of(0)]), blob)).toBe(false);
  }
  expect(verifyBlob(publicKey, Buffer.of(1), Buffer.of(0, 0, 0, 9, 1))).toBe(false);
});

test('ed25519 keys with leading zero bytes can be parsed and sign', async () => {
  const keys = await Promise.all(
    Array.from({ length: 1500 }, () => generateKeyPair({ type: 'ed25519', comment: 'x' })),
  );
  const zeroes = keys.filter(({ publicKey }) => Buffer.from(publicKey.split(' ')[1] ?? '', 'base64')[19] === 0);
  // Chance of none in 1500: 0.3 %. Every one was already parsed when it was made.
  for (const { privateKey } of zeroes) {
    const key = parsePrivateKey(privateKey);
    expect(verifyBlob(key.getPublicSSH(), Buffer.of(1), signBlob(key, Buffer.of(1), 0))).toBe(true);
  }
  expect(new Set(keys.map(({ privateKey }) => privateKey.length)).size).toBe(1);
});

test('private keys that cannot be used are refused with the reason', async () => {
  const { privateKey, publicKey } = await generateKeyPair({ type: 'ed25519', comment: '' });
  const file = join(dir, 'locked');
  writeFileSync(file, privateKey, { mode: 0o600 });
  const locked = execFileSync('sh', ['-c', 'ssh-keygen -q -p -N secret -f "$1" >/dev/null && cat "$1"', 'sh', file], {
    encoding: 'utf8',
  });
  expect(() => parsePrivateKey(locked)).toThrow('protected by a passphrase');
  expect(() => parsePrivateKey(publicKey)).toThrow('the private one is needed');
  expect(() => parsePrivateKey('nonsense')).toThrow('not an OpenSSH or PEM key');
  await expect(generateKeyPair({ type: 'rsa', bits: 1024, comment: '' })).rejects.toThrow('2048 to 16384 bits');
  await expect(generateKeyPair({ type: 'ed25519', comment: 'a\nb' })).rejects.toThrow('one line');
});
