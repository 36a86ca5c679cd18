import { expect, test } from 'vitest';
import { generateKeyPair } from './key.ts';
import { parseKnownHostKey } from './known-host-key.ts';

const BASE64 = 'AAAAC3NzaC1lZDI1NTE5AAAAIGaanXae9UfxBOBtgCDksAkWjIsGv2YVujUy9ztaMoeR';
const KEY = {
  type: 'ssh-ed25519',
  fingerprint: 'SHA256:y/EaEFTKfNzadr7RjPBVje7Jp7yhPWfYQfq0XWRKHa4',
  base64: BASE64,
};

test.each([
  `ssh-ed25519 ${BASE64}`,
  `ssh-ed25519 ${BASE64} root@nas`,
  ` ssh-ed25519\t${BASE64}\n`,
  `[nas.example.com]:2222 ssh-ed25519 ${BASE64}`,
  `nas,192.0.2.1 ssh-ed25519 ${BASE64} comment`,
  `|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg= ssh-ed25519 ${BASE64}`,
  BASE64,
])('reads the host key in %j', (text) => {
  expect(parseKnownHostKey(text)).toEqual(KEY);
});

test.each(['ecdsa', 'rsa'] as const)('reads a host key of the type %s', async (type) => {
  const { publicKey, fingerprint } = await generateKeyPair({
    type,
    ...(type === 'rsa' ? { bits: 2048 } : {}),
    comment: 'x',
  });
  const [name, base64] = publicKey.split(' ');
  expect(parseKnownHostKey(publicKey)).toEqual({ type: name, fingerprint, base64 });
});

test('refuses a private key', async () => {
  const { privateKey } = await generateKeyPair({ type: 'ed25519', comment: '' });
  expect(() => parseKnownHostKey(privateKey)).toThrow('several lines');
  const encoded = Buffer.from(privateKey).toString('base64');
  expect(() => parseKnownHostKey(encoded)).toThrow('no key of a type');
});

test.each([
  ['', 'no key of a type'],
  ['nas', 'no key of a type'],
  ['ssh-ed25519', 'no key of a type'],
  ['SHA256:y/EaEFTKfNzadr7RjPBVje7Jp7yhPWfYQfq0XWRKHa4', 'no key of a type'],
  [`@cert-authority * ssh-ed25519 ${BASE64}`, 'marked lines'],
  [`@revoked nas ssh-ed25519 ${BASE64}`, 'marked lines'],
  [`nas ssh-ed25519 ${BASE64}\nnas ssh-ed25519 ${BASE64}`, 'several lines'],
  [`ssh-rsa ${BASE64}`, 'it says ssh-rsa and is of the type ssh-ed25519'],
  [`rsa-sha2-512 ${BASE64}`, 'it says rsa-sha2-512'],
  [`ssh-ed25519 ${BASE64.slice(0, 40)}`, 'it cannot be read'],
  [`ssh-ed25519 ${BASE64}!`, 'no key of a type'],
])('refuses %j: %s', (text, why) => {
  expect(() => parseKnownHostKey(text)).toThrow(
    expect.objectContaining({ code: 'validation', message: expect.stringContaining(why) }),
  );
});
