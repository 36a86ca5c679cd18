import { expect, test, vi } from 'vitest';
import { type HostKey, hostKeyAlgorithms, knownHostsLine, parseHostKey, verifyHostKey } from './host-key.ts';

// The test vector of `ssh-keygen -lf`: the fingerprint below is what OpenSSH 9.2 printed for this key.
const BLOB = 'AAAAC3NzaC1lZDI1NTE5AAAAIGaanXae9UfxBOBtgCDksAkWjIsGv2YVujUy9ztaMoeR';
const KEY: HostKey = {
  type: 'ssh-ed25519',
  fingerprint: 'SHA256:y/EaEFTKfNzadr7RjPBVje7Jp7yhPWfYQfq0XWRKHa4',
  base64: BLOB,
};
const OTHER: HostKey = { ...KEY, base64: 'AAAA', fingerprint: 'SHA256:other' };

test('a host key has the fingerprint that OpenSSH prints', () => {
  expect(parseHostKey(Buffer.from(BLOB, 'base64'))).toEqual(KEY);
});

test('the types of the pinned host keys are offered first', () => {
  expect(hostKeyAlgorithms([{ type: 'ssh-rsa' }]).slice(0, 4)).toEqual([
    'rsa-sha2-512',
    'rsa-sha2-256',
    'ssh-rsa',
    'ssh-ed25519',
  ]);
  expect(hostKeyAlgorithms([])[0]).toBe('ssh-ed25519');
});

test('a known_hosts line names the port when it is not 22', () => {
  expect(knownHostsLine('nas', 22, KEY)).toBe(`nas ssh-ed25519 ${BLOB}`);
  expect(knownHostsLine('::1', 2222, KEY)).toBe(`[::1]:2222 ssh-ed25519 ${BLOB}`);
});

test('an unknown host is recorded, a known one accepted, a changed one refused with both fingerprints', async () => {
  const record = vi.fn(() => Promise.resolve());
  const pins = (known: HostKey[]) => ({ known: () => Promise.resolve(known), record });
  await verifyHostKey(pins([]), 'nas', 22, KEY);
  expect(record).toHaveBeenCalledExactlyOnceWith('nas', 22, KEY);
  await verifyHostKey(pins([OTHER, KEY]), 'nas', 22, KEY);
  expect(record).toHaveBeenCalledOnce();
  await expect(verifyHostKey(pins([KEY]), 'nas', 22, OTHER)).rejects.toMatchObject({
    code: 'conflict',
    kind: 'host-key',
    message:
      `The host key of nas:22 changed: expected ${KEY.fingerprint}, got SHA256:other. ` +
      'If the host was reinstalled, forget its key (DELETE /api/v1/host_keys/nas:22/) and try again; ' +
      'otherwise somebody may be in between.',
  });
});
