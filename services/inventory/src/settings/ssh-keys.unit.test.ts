import { describe, expect, test } from 'vitest';
import { generateSshKey, importSshKey } from './ssh-keys.ts';

describe('a key made elsewhere', () => {
  test.each(['ed25519', 'ecdsa'] as const)('imports a private key of type %s with its public half', async (type) => {
    const made = await generateSshKey(type);
    if (typeof made.private_key !== 'string') throw new Error('sealed');
    const text = made.private_key.trim();
    expect(importSshKey(text.replaceAll('\n', '\r\n'))).toEqual({ ...made, private_key: `${text}\n` });
  });

  test.each(['', 'no key', '$encrypted'])('refuses %j as a private key', (text) => {
    expect(() => importSshKey(text)).toThrow(
      expect.objectContaining({ code: 'validation', fields: { value: [expect.any(String)] } }),
    );
  });
});

test('refuses a size that no key has as a wrong `bits`', async () => {
  await expect(generateSshKey('rsa', 1)).rejects.toMatchObject({
    code: 'validation',
    fields: { bits: [expect.any(String)] },
  });
});
