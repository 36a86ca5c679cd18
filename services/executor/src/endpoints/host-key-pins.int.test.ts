import { hostKeyStream, SETTINGS_STREAM, TRUST_FIRST_CONTACT_SETTING } from '@cyborgbackup/contracts';
import { startTestDeps, type TestDeps } from '@cyborgbackup/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createSiteLog, type SiteLog } from '../testing/site-log.ts';
import { createHostKeyPins } from './host-key-pins.ts';

let test: TestDeps;
let log: SiteLog;

beforeAll(async () => {
  test = await startTestDeps();
  log = createSiteLog(test.deps);
});
afterAll(() => test[Symbol.asyncDispose]());

const KEY = { type: 'ssh-ed25519', fingerprint: 'SHA256:x', base64: 'AAAA' };

const trust = (value: string): Promise<void> =>
  log.append(SETTINGS_STREAM, { type: 'setting-changed', data: { key: TRUST_FIRST_CONTACT_SETTING, value } });

it('refuses an unknown host once trust at first contact is off, and says how to pin its key', async () => {
  const pins = createHostKeyPins(test.deps);
  await pins.record('first', 22, KEY);
  expect(await pins.known('first', 22)).toEqual([KEY]);
  await trust('False');
  const refused = pins.record('2001:db8::1', 22, KEY);
  await expect(refused).rejects.toMatchObject({
    kind: 'host-key',
    message: expect.stringMatching(
      /cyborgbackup_trust_first_contact is off.* ssh-ed25519 SHA256:x\..*POST \/api\/v1\/host_keys\/ {"host": "\[2001:db8::1\]:22"/,
    ),
  });
  expect(await pins.known('2001:db8::1', 22)).toEqual([]);
  const data = { host: 'Pinned', port: 22, key_type: KEY.type, fingerprint: KEY.fingerprint, public_key: KEY.base64 };
  await log.append(hostKeyStream('Pinned', 22), { type: 'host-key-pinned', data });
  expect(await pins.known('pinned', 22)).toEqual([KEY]);
  await trust('True');
  await pins.record('2001:db8::1', 22, KEY);
  expect(await pins.known('[2001:DB8::1]', 22)).toEqual([KEY]);
});
